/** Verbs on survey templates: what customers are asked. */

import { requireStaff } from '../../auth/policy.ts';
import type { Ctx } from '../../context.ts';
import { surveyTemplates } from '../../db/tables/surveys.ts';
import { AppError, type FieldError, invalid } from '../../errors.ts';
import type { Operation } from '../../operation.ts';
import { usualLowThreshold } from '../../rules/satisfaction.ts';
import { mergeMap } from '../patch.ts';
import { type Resource, resource } from '../resource.ts';
import { SurveyTemplate, templateFields } from './model.ts';
import { findAutomaticTemplate, hasInvitations, type SurveyTemplateRow, templateView } from './store.ts';

const plainResource = resource({
  kind: 'surveyTemplate',
  words: 'survey template',
  table: surveyTemplates,
  model: SurveyTemplate,
  fields: templateFields,
  fixed: ['key'],
  scopes: { read: 'surveys:read', write: 'surveys:write' },
  example: {
    key: 'installation',
    name: 'Installation visits',
    scale: 5,
    dimensions: [{ key: 'attitude', label: { 'zh-CN': '服务态度', en: 'Friendliness and attention' } }],
    question: { 'zh-CN': '您对这次上门服务满意吗？', en: 'How satisfied are you with this visit?' },
  },
  view: templateView,
  async decide(ctx, draft, before) {
    requireStaff(ctx.actor);
    const template = before as SurveyTemplateRow | null;
    draft['question'] = mergeMap(template?.question ?? {}, draft['question'] as Record<string, string | null>);
    draft['sendAfterSeconds'] = draft['sendAfter'] ?? template?.sendAfterSeconds;
    draft['validSeconds'] = draft['validFor'] ?? template?.validSeconds;
    draft['editableSeconds'] = draft['editableFor'] ?? template?.editableSeconds;
    draft['lowThreshold'] ??= usualLowThreshold(draft['scale'] as number);
    requireSound(draft as SurveyTemplateRow);
    if (draft['automatic'] === true) await requireOnlyAutomatic(ctx, draft['id'] as string);
    if (template !== null && template.scale !== draft['scale']) await requireUnused(ctx, template, 'scale');
  },
  async remove(ctx, before) {
    requireStaff(ctx.actor);
    await requireUnused(ctx, before as SurveyTemplateRow);
  },
});

/** Customers are asked; what they could be asked is not theirs to read. */
function forStaff(operation: Operation): Operation {
  return {
    ...operation,
    run: (async (ctx: Ctx, input: never) => {
      requireStaff(ctx.actor);
      return operation.run(ctx, input);
    }) as Operation['run'],
  };
}

export const templateResource: Resource = {
  ...plainResource,
  get: forStaff(plainResource.get),
  list: forStaff(plainResource.list),
};

function requireSound({
  scale,
  lowThreshold,
  dimensions,
}: Pick<SurveyTemplateRow, 'scale' | 'lowThreshold' | 'dimensions'>) {
  if (lowThreshold >= scale) {
    throw invalid('lowThreshold', `Expected at most ${scale - 1}: the highest point is never low.`, 'out_of_range');
  }
  const keys = dimensions.map(({ key }) => key);
  const errors: FieldError[] = keys.flatMap((key, index) =>
    keys.indexOf(key) === index
      ? []
      : [{ path: `dimensions.${index}.key`, message: `${key} is there already.`, code: 'duplicate' }],
  );
  if (errors.length > 0) throw new AppError('validation_failed', errors[0]!.message, errors);
}

/** 409 naming the field: two surveys that go out by themselves would ask the same customer twice. */
async function requireOnlyAutomatic(ctx: Ctx, id: string): Promise<void> {
  const other = await findAutomaticTemplate(ctx.db, ctx.workspace.workspaceId);
  if (other === undefined || other.id === id) return;
  const message = `${other.key} goes out by itself already.`;
  throw new AppError('already_exists', message, [{ path: 'automatic', message, code: 'already_exists' }]);
}

/** 409 once somebody was invited: what they are shown and what they answered must stay what it was. */
async function requireUnused(ctx: Ctx, template: SurveyTemplateRow, path?: string): Promise<void> {
  if (!(await hasInvitations(ctx.db, ctx.workspace.workspaceId, template.id))) return;
  const message = 'Customers were invited to this survey; make another one.';
  throw new AppError('in_use', message, path === undefined ? [] : [{ path, message, code: 'in_use' }]);
}
