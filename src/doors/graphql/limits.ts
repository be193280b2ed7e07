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
} from 'graphql';

export interface Limits {
  depth: number;
  cost: number;
  /** The fields that answer pages. */
  lists: ReadonlySet<string>;
}

/** Lists without `first` give a page of 50. */
const DEFAULT_PAGE = 50;

/**
 * Throws for a document that passes the limits. To be asked before GraphQL's own rules: some of them compare every field
 * with every other through all fragments, which takes long for a document made for it.
 */
export function checkLimits(document: DocumentNode, limits: Limits): void {
  const fault = faultOf(document, limits);
  if (fault !== null) throw fault;
}

function faultOf(document: DocumentNode, { depth, cost, lists }: Limits): GraphQLError | null {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  const depths = new Map<string, number>();
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    const nodes = [definition];
    if (depthOf(definition.selectionSet, fragments, depths) > depth) {
      return new GraphQLError(`The document goes deeper than ${depth} levels.`, { nodes });
    }
    if (costOf(definition.selectionSet, 1, { fragments, lists, open: new Set() }, cost) > cost) {
      return new GraphQLError(`The document costs more than ${cost}: ask for fewer fields or smaller pages.`, {
        nodes,
      });
    }
  }
  return null;
}

/**
 * Selections within each other, inline fragments included. Each fragment is looked into once; one that holds itself counts
 * as nothing here, other rules refuse it. What introspection asks is deep by its nature; GraphQL's own rules bound it.
 */
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
        // A spread stands for the selections themselves.
        depths.set(name, depthOf(fragment.selectionSet, fragments, depths) - 1);
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
      cost += 1 + costOf(selection.selectionSet, times, known, limit - cost);
    } else {
      const name = selection.name.value;
      const fragment = known.fragments.get(name);
      cost += 1;
      if (fragment === undefined || known.open.has(name)) continue;
      known.open.add(name);
      cost += costOf(fragment.selectionSet, times, known, limit - cost);
      known.open.delete(name);
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
