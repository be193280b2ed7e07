/**
 * The only way the desk calls out: HTTP with limits of time and size, to public addresses alone.
 *
 * Whoever names an address (a webhook, a calendar feed) must not reach by us what only this machine reaches. So every
 * address a name stands for is checked in the very look-up that the connection is made with: a name that changes its
 * mind between check and connection gains nothing. Redirects are answers and are not followed.
 */

import { type LookupAddress, lookup } from 'node:dns';
import * as http from 'node:http';
import * as https from 'node:https';
import { BlockList, isIP, type LookupFunction } from 'node:net';

export type OutboundReason = 'private_address' | 'timeout' | 'too_large' | 'unreachable' | 'invalid_url';

/** Why there is no answer. The message names no address but the one asked for, and can be shown. */
export class OutboundError extends Error {
  readonly reason: OutboundReason;

  constructor(reason: OutboundReason, message: string) {
    super(message);
    this.name = 'OutboundError';
    this.reason = reason;
  }
}

export interface OutboundRequest {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** http or https, without user and password. */
  url: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
  /** For all of it, the look-up of the name and the last byte of the answer included. Default 15 000. */
  timeoutMs?: number;
  /** Of the answer's body as it travels; nothing is unpacked. Default 1 MiB. */
  maxBytes?: number;
}

export interface OutboundAnswer {
  /** Any: 3xx and 5xx are answers, too. */
  status: number;
  headers: http.IncomingHttpHeaders;
  body: Buffer;
}

/** Throws OutboundError, and nothing else, when no whole answer came. */
export type Outbound = (request: OutboundRequest) => Promise<OutboundAnswer>;

/** Every address of a name; as `dns.lookup` with `all`. */
type Resolve = (host: string, done: (error: Error | null, addresses: LookupAddress[]) => void) => void;

/** `allowPrivate`: the desk may call its own network, too; for those who run both ends. */
export function createOutbound({
  allowPrivate,
  resolve = (host, done) => lookup(host, { all: true }, done),
}: {
  allowPrivate: boolean;
  resolve?: Resolve;
}): Outbound {
  const checked = checkedLookup(resolve, allowPrivate);
  return async (request) => {
    try {
      return await send(request, readUrl(request.url, allowPrivate), checked);
    } catch (error) {
      throw toOutboundError(error as Error);
    }
  };
}

/** The URL, when it is one that may be asked. */
function readUrl(text: string, allowPrivate: boolean): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) throw new OutboundError('invalid_url', 'No http or https URL.');
  if (url.username !== '' || url.password !== '') {
    throw new OutboundError('invalid_url', 'A URL with a user or a password is not asked.');
  }
  if (NOT_WEB.has(Number(url.port))) throw new OutboundError('invalid_url', `Port ${url.port} is not the web's.`);
  if (allowPrivate) return url;
  // Numbers in any base are plain addresses by now: the URL standard writes 0x7f.1 as 127.0.0.1.
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  if (/(^|\.)localhost$/.test(host) || (isIP(host) !== 0 && !isPublic(host))) throw refusal(host);
  return url;
}

/** Ports where something other than the web listens that would take a request for its own protocol. */
const NOT_WEB: ReadonlySet<number> = new Set([
  19, 20, 21, 22, 23, 25, 53, 69, 110, 111, 135, 137, 139, 143, 161, 389, 445, 465, 512, 513, 514, 515, 587, 636, 873,
  989, 990, 993, 995, 1433, 1521, 2049, 3306, 3389, 5432, 5900, 6000, 6379, 6665, 6666, 6667, 6668, 6669, 11211, 27017,
]);

/** Special-purpose IPv4 (IANA registry), and the one public address behind which a cloud answers its own machines. */
const REFUSED_V4 = blockList('ipv4', [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '168.63.129.16/32',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
]);

/** Only 2000::/3 is public; loopback, fc00::/7, fe80::/10, ff00::/8, ::ffff:0:0/96 and 64:ff9b::/96 lie outside of it. */
const GLOBAL_V6 = blockList('ipv6', ['2000::/3']);

/** Within it: Teredo and other protocols', documentation, and 6to4, which holds any IPv4 address. */
const REFUSED_V6 = blockList('ipv6', ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']);

function blockList(family: 'ipv4' | 'ipv6', subnets: string[]): BlockList {
  const list = new BlockList();
  for (const subnet of subnets) {
    const [address, bits] = subnet.split('/');
    list.addSubnet(address!, Number(bits), family);
  }
  return list;
}

function isPublic(address: string): boolean {
  if (isIP(address) === 4) return !REFUSED_V4.check(address, 'ipv4');
  return GLOBAL_V6.check(address, 'ipv6') && !REFUSED_V6.check(address, 'ipv6');
}

function refusal(host: string): OutboundError {
  return new OutboundError('private_address', `${host} is not a public address.`);
}

/** The look-up of the connection itself. One private address among many refuses them all. */
function checkedLookup(resolve: Resolve, allowPrivate: boolean): LookupFunction {
  return (host, options, done) => {
    resolve(host, (error, addresses) => {
      const failed = error ?? (addresses.length === 0 ? new Error('No address.') : null);
      if (failed !== null) done(failed, []);
      else if (!allowPrivate && !addresses.every(({ address }) => isPublic(address))) done(refusal(host), []);
      else if (options.all) done(null, addresses);
      else done(null, addresses[0]!.address, addresses[0]!.family);
    });
  };
}

const TIMEOUT_MS = 15_000;
const MAX_BYTES = 1 << 20;

function send(request: OutboundRequest, url: URL, lookup: LookupFunction): Promise<OutboundAnswer> {
  const { method, headers = {}, body, timeoutMs = TIMEOUT_MS, maxBytes = MAX_BYTES } = request;
  return new Promise((resolve, reject) => {
    const sent = (url.protocol === 'https:' ? https : http).request(url, {
      method,
      headers: {
        'user-agent': 'tierdesk',
        // Packed, a small answer could become a large one.
        'accept-encoding': 'identity',
        ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
        ...headers,
      },
      lookup,
      // A connection of its own: what is checked is what is used, no proxy of the environment comes between, and it is
      // gone with its answer.
      agent: false,
    });
    const timeout = setTimeout(
      () => end(new OutboundError('timeout', `No answer within ${timeoutMs / 1000} s.`)),
      timeoutMs,
    );
    // Whatever comes first counts; the socket goes with it.
    const end = (outcome: OutboundAnswer | Error) => {
      clearTimeout(timeout);
      if (outcome instanceof Error) reject(outcome);
      else resolve(outcome);
      sent.destroy();
    };
    sent.on('error', end);
    // Closed without an answer and without an error, as after an upgrade nobody asked for.
    sent.on('close', () => end(new OutboundError('unreachable', 'The connection ended without an answer.')));
    sent.on('response', (response) => {
      const parts: Buffer[] = [];
      let size = 0;
      const tooLarge = () => end(new OutboundError('too_large', `The answer is larger than ${maxBytes} bytes.`));
      if (method !== 'HEAD' && Number(response.headers['content-length']) > maxBytes) tooLarge();
      response.on('error', end);
      response.on('data', (part: Buffer) => {
        size += part.length;
        if (size > maxBytes) tooLarge();
        else parts.push(part);
      });
      response.on('end', () =>
        end({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(parts) }),
      );
    });
    sent.end(body);
  });
}

function toOutboundError(error: Error): OutboundError {
  if (error instanceof OutboundError) return error;
  // Addresses of a name that is tried in turn: what went wrong with the first.
  const { code } = (error instanceof AggregateError ? error.errors[0] : error) as NodeJS.ErrnoException;
  if (code === 'HPE_HEADER_OVERFLOW') return new OutboundError('too_large', 'The headers are too large.');
  return new OutboundError('unreachable', `The receiver cannot be reached${code === undefined ? '' : `: ${code}`}.`);
}
