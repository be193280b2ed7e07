/**
 * What one document may ask: how deep it goes, and what it costs, that is its fields, multiplied by the lists above them;
 * aliases and fragments counted as they expand.
 */

import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLError,
  type InlineFragmentNode,
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
      const fragments = fragmentsOf(document);
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

/**
 * A validation rule: refuses a document with more than `limit` selections within each other, inline fragments included.
 * What introspection asks is deep by its nature; GraphQL's own rules bound it.
 */
export function depthLimit(limit: number): ValidationRule {
  return (context: ValidationContext) => ({
    Document(document) {
      const fragments = fragmentsOf(document);
      const depths = new Map<string, number>();
      for (const definition of document.definitions) {
        if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
        if (depthOf(definition.selectionSet, fragments, depths) > limit) {
          context.reportError(
            new GraphQLError(`The document goes deeper than ${limit} levels.`, { nodes: [definition] }),
          );
        }
      }
    },
  });
}

/** Each fragment is looked into once; one that holds itself counts as nothing here, other rules refuse it. */
function depthOf(
  selections: SelectionSetNode,
  fragments: Map<string, FragmentDefinitionNode>,
  depths: Map<string, number>,
): number {
  let deepest = 0;
  for (const selection of selections.selections) {
    if (selection.kind === Kind.FRAGMENT_SPREAD) {
      const name = selection.name.value;
      const fragment = fragments.get(name);
      if (fragment === undefined) continue;
      if (!depths.has(name)) {
        depths.set(name, 0);
        depths.set(name, depthOf(fragment.selectionSet, fragments, depths));
      }
      deepest = Math.max(deepest, depths.get(name)!);
    } else if (selection.selectionSet !== undefined && !isIntrospection(selection)) {
      deepest = Math.max(deepest, depthOf(selection.selectionSet, fragments, depths));
    }
  }
  return deepest + 1;
}

function isIntrospection(selection: FieldNode | InlineFragmentNode): boolean {
  return selection.kind === Kind.FIELD && /^__(schema|type)$/.test(selection.name.value);
}

function fragmentsOf(document: DocumentNode): Map<string, FragmentDefinitionNode> {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  return fragments;
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
