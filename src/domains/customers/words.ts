/** What customers and contacts have in common: the workspace's channels, names in other systems, and how they are listed. */

import { sql } from 'drizzle-orm';
import type { Ctx } from '../../context.ts';
import { readChanged } from '../../db/changed.ts';
import { bound } from '../../db/connect.ts';
import { equals, type Filter, filter, type Page, type PageRequest, readPage } from '../../db/page.ts';
import { type contacts, customers } from '../../db/tables/customers.ts';
import { type FieldError, invalid } from '../../errors.ts';
import { searchQuery } from '../../rules/search.ts';
import { findNamed } from '../names.ts';
import { listAllTerms, requireTerm, type TermRow } from '../workspaces/store.ts';
import { MOST_FIGURES } from './model.ts';

/** The workspace's channels (among its other words), where one of these inputs names one. */
export async function loadChannels(
  ctx: Ctx,
  inputs: readonly { preferredChannel?: string | null | undefined }[],
): Promise<TermRow[]> {
  return inputs.some(({ preferredChannel }) => preferredChannel) ? listAllTerms(ctx.db, ctx.workspace.workspaceId) : [];
}

/** 422 unless it is one of the workspace's channels; null is nobody's wish. */
export function requireChannel(channels: TermRow[], key: string | null | undefined): void {
  if (key) requireTerm(channels, 'channel', key, 'preferredChannel');
}

/** 422 when a merge made them more than creation would take. */
export function requireFewFigures(figures: Record<string, number>): void {
  if (Object.keys(figures).length > MOST_FIGURES) {
    throw invalid('figures', `At most ${MOST_FIGURES} figures.`, 'too_big');
  }
}

/** 422 when a merge made them more than creation would take. */
export function requireFewNames(names: Record<string, string>): void {
  if (Object.keys(names).length > 20) throw invalid('externalIds', 'At most 20 external ids.', 'too_big');
}

/** 422 when the body of an upsert says another name than its path. */
export function requireSameName(
  names: Record<string, string | null> | undefined,
  { system, value }: { system: string; value: string },
): void {
  const said = names?.[system];
  if (said !== undefined && said !== value) {
    throw invalid(`externalIds.${system}`, `The path says ${value}.`, 'mismatch');
  }
}

interface ListInput {
  limit: number;
  cursor?: string | undefined;
  sort: 'createdAt' | '-createdAt' | 'updatedAt' | '-updatedAt';
  tag?: string | undefined;
  externalSystem?: string | undefined;
  externalId?: string | undefined;
  updatedAfter?: number | undefined;
  q?: string | undefined;
}

/** The pair goes together. */
export function checkPair({
  externalSystem,
  externalId,
}: Pick<ListInput, 'externalSystem' | 'externalId'>): FieldError[] {
  if ((externalSystem === undefined) === (externalId === undefined)) return [];
  const path = externalSystem === undefined ? 'externalSystem' : 'externalId';
  return [{ path, message: 'externalSystem and externalId go together.', code: 'required' }];
}

/** One page of customers or contacts; with `updatedAfter` of what changed, and what is gone. */
export async function readList<T>(
  ctx: Ctx,
  resource: 'customer' | 'contact',
  table: typeof customers | typeof contacts,
  input: ListInput,
  filters: Filter[],
  view: (row: never) => T,
): Promise<Page<T>> {
  const { workspaceId } = ctx.workspace;
  const { externalSystem, externalId, updatedAfter } = input;
  const query = input.q === undefined ? undefined : searchQuery(input.q);
  const named =
    externalSystem === undefined || externalId === undefined
      ? undefined
      : ((await findNamed(ctx.db, workspaceId, resource, { [externalSystem]: externalId })).get(externalSystem) ??
        null);
  if (query === null || named === null) {
    return { data: [], nextCursor: null, ...(updatedAfter === undefined ? {} : { deleted: [] }) };
  }
  const sort = updatedAfter === undefined ? input.sort : 'updatedAt';
  const name = sort.replace('-', '') as 'createdAt' | 'updatedAt';
  const request: PageRequest<typeof table> = {
    db: ctx.db,
    name: `list:${resource}s`,
    table,
    workspaceId,
    filters: [
      ...filters,
      equals('named', table.id, named),
      {
        name: 'unmerged',
        condition: sql`${customers.mergedInto} is null`,
        values: resource === 'customer' ? {} : null,
      },
      filter('tag', input.tag, sql`${sql.placeholder('tag')}::text = any(${table.tags})`),
      filter('q', query, sql`${table.search} @@ ${sql.placeholder('q')}::tsquery`),
      filter('updatedAfter', updatedAfter, sql`${table.updatedAt} >= ${bound(table.updatedAt, 'updatedAfter')}`),
    ],
    order: { name, column: table[name], descending: sort.startsWith('-') },
    tieBreak: table.id,
    limit: input.limit,
    cursor: input.cursor,
  };
  const show = view as (row: unknown) => T;
  return updatedAfter === undefined ? readPage(request, show) : readChanged(request, resource, updatedAfter, show);
}
