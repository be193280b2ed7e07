/** Content-Security-Policy of the pages: nothing but what each names, and never another host. */

import { createHash } from 'node:crypto';
import type { FastifyReply } from 'fastify';

const NOTHING = { 'default-src': "'none'", 'base-uri': "'none'", 'form-action': "'none'", 'frame-ancestors': "'none'" };

/** What a page may load: its own host alone, and of inline scripts only those named here. */
export function setPolicy(reply: FastifyReply, sources: Record<string, string>): void {
  const policy = { ...NOTHING, ...sources };
  const text = Object.entries(policy).map(([directive, allowed]) => `${directive} ${allowed}`);
  reply.header('Content-Security-Policy', text.join('; '));
  reply.header('Referrer-Policy', 'no-referrer');
}

/** The source expression that allows this very text. */
export function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
