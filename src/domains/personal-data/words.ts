/** What stands in the place of an erased person, in the language of the workspace. */

import type { Ctx } from '../../context.ts';
import type { Erasing } from '../../rules/erasure.ts';
import { listKeyFields } from './store.ts';

const ERASED = { en: 'erased', 'zh-CN': '已删除' } as const;

export function erasedName({ workspace }: Pick<Ctx, 'workspace'>): string {
  return ERASED[workspace.language];
}

export async function erasingOf(ctx: Ctx, contactId: string): Promise<Erasing> {
  const keyFields = await listKeyFields(ctx.db, ctx.workspace.workspaceId);
  return { contactId, name: erasedName(ctx), keyFields };
}
