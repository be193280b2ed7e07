/** What one document may cost: fields, multiplied by the lists above them; aliases and fragments counted as they expand. */

import {
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  type SelectionSetNode,
  type ValidationContext,
  type ValidationRule,
} from 'graphql';

/** Lists without `first` give a page of 50. */
const DEFAULT_PAGE = 50;

/** A validation rule: refuses a document whose cost passes `limit`. `lists` are the fields that answer pages. */
export function costLimit(limit: number, lists: ReadonlySet<string>): ValidationRule {
  return (context: ValidationContext) => ({
    Document(document) {
      const fragments = new Map<string, FragmentDefinitionNode>();
      for (const definition of document.definitions) {
        if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
      }
      for (const definition of document.definitions) {
        if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
        if (costOf(definition.selectionSet, 1, { fragments, lists, open: new Set() }, limit) > limit) {
          context.reportError(
            new GraphQLError(`The document costs more than ${limit}: ask for fewer fields or smaller pages.`, {
              nodes: [definition],
            }),
          );
        }
      }
    },
  });
}

interface Known {
  fragments: Map<string, FragmentDefinitionNode>;
  lists: ReadonlySet<string>;
  /** Fragments that are being expanded: one that holds itself is refused by GraphQL's own rules. */
  open: Set<string>;
}

/** Stops counting as soon as the limit is passed, so that an exponential document costs nothing to refuse. */
function costOf(selections: SelectionSetNode, times: number, known: Known, limit: number): number {
  let cost = 0;
  for (const selection of selections.selections) {
    if (cost > limit) return cost;
    if (selection.kind === Kind.FIELD) {
      cost += times;
      if (selection.selectionSet === undefined) continue;
      const page = known.lists.has(selection.name.value) ? pageSize(selection.arguments ?? []) : 1;
      cost += costOf(selection.selectionSet, times * page, known, limit - cost);
    } else if (selection.kind === Kind.INLINE_FRAGMENT) {
      cost += costOf(selection.selectionSet, times, known, limit - cost);
    } else {
      const name = selection.name.value;
      const fragment = known.fragments.get(name);
      if (fragment === undefined || known.open.has(name)) continue;
      const open = new Set([...known.open, name]);
      cost += 1 + costOf(fragment.selectionSet, times, { ...known, open }, limit - cost);
    }
  }
  return cost;
}

/** A variable counts as the largest page. */
function pageSize(args: readonly { name: { value: string }; value: { kind: string; value?: unknown } }[]): number {
  const first = args.find((argument) => argument.name.value === 'first');
  if (first === undefined) return DEFAULT_PAGE;
  if (first.value.kind !== Kind.INT) return 200;
  return Math.min(200, Math.max(1, Number(first.value.value)));
}
