import { describeType } from '@cdc-demo/cdc-core';
import type { Field, FieldType } from '@cdc-demo/cdc-core';
import { listShape, mapShape } from './nested-shape.ts';
import type { Place } from './place.ts';
import { leafNodes } from './schema-node.ts';
import type { SchemaNode } from './schema-node.ts';
import { storedType } from './stored-type.ts';
import type { StoredType } from './stored-type.ts';
import { conversionTo } from './values/conversion.ts';
import type { Conversion } from './values/conversion.ts';

/** How one column of a batch comes out of a file. */
export type ColumnPlan = MissingPlan | LeafPlan | StructPlan | ListPlan | MapPlan;

/** The file has no such field: every value is NULL. */
export interface MissingPlan {
  readonly kind: 'missing';
}

/**
 * Which entries of a leaf's levels are rows of a (nested) column: those that repeat at most
 * `repetition` and are defined at least to `definition`.
 */
export interface Slots {
  readonly repetition: number;
  readonly definition: number;
}

export interface LeafPlan {
  readonly kind: 'leaf';
  readonly node: SchemaNode;
  readonly stored: StoredType;
  readonly place: Place;
  readonly slots: Slots;
  /** Undefined for a leaf of which only the levels are read. */
  readonly values: { readonly type: FieldType; readonly conversion: Conversion } | undefined;
}

interface NestedPlan {
  readonly slots: Slots;
  /** From which definition level on the row is PRESENT. */
  readonly present: number;
  /** A leaf below, whose levels tell of this node. */
  readonly levels: LeafPlan;
}

export interface StructPlan extends NestedPlan {
  readonly kind: 'struct';
  readonly fields: readonly ColumnPlan[];
}

export interface ListPlan extends NestedPlan {
  readonly kind: 'list';
  readonly element: ColumnPlan;
  /** The rows of the element. */
  readonly entries: Slots;
}

export interface MapPlan extends NestedPlan {
  readonly kind: 'map';
  readonly key: ColumnPlan;
  readonly value: ColumnPlan;
  /** The rows of key and value. */
  readonly entries: Slots;
}

export interface FieldMatch {
  readonly match: 'name' | 'id';
  readonly place: Place;
}

/** @throws LakeError `lake/parquet-type` where a field of the file cannot become the wanted one */
export function planFields(
  fields: readonly Field[],
  nodes: readonly SchemaNode[],
  how: FieldMatch & { readonly slots?: Slots },
): ColumnPlan[] {
  const slots = how.slots ?? { repetition: 0, definition: 0 };
  return fields.map((field) => {
    const byId = how.match === 'id' && field.id !== 0;
    const node = nodes.find((candidate) =>
      byId ? candidate.fieldId === field.id : candidate.name === field.name,
    );
    return node ? planNode(field.type, node, { ...how, slots }) : { kind: 'missing' };
  });
}

type Context = FieldMatch & { readonly slots: Slots };

/** A repeated node that stands in no list is a list without a group around it. */
function planNode(wanted: FieldType, node: SchemaNode, context: Context): ColumnPlan {
  if (!node.repeated) return planOnce(wanted, node, context);
  if (wanted.kind !== 'list') throw misfit(wanted, node, context);
  return planList(wanted.element.type, { entry: node, element: node }, context);
}

/** The plan for a node, its repetition left out. */
function planOnce(wanted: FieldType, node: SchemaNode, context: Context): ColumnPlan {
  if (wanted.kind === 'struct') {
    if (node.column >= 0) throw misfit(wanted, node, context);
    const fields = planFields(wanted.fields, node.children, context);
    const levels = levelsOf(fields, node, context);
    return { kind: 'struct', fields, levels, slots: context.slots, present: node.definition };
  }
  if (wanted.kind === 'list') {
    const shape = listShape(node);
    if (!shape) throw misfit(wanted, node, context);
    return planList(wanted.element.type, shape, context);
  }
  if (wanted.kind === 'map') {
    const shape = mapShape(node);
    if (!shape) throw misfit(wanted, node, context);
    const { below, nested } = insideEntry(shape.entry, context);
    const key = planNode(wanted.key.type, shape.key, below);
    const value = planNode(wanted.value.type, shape.value, below);
    return { kind: 'map', key, value, levels: levelsOf([key], shape.entry, below), ...nested };
  }
  return planLeaf(wanted, node, context);
}

function planList(
  wanted: FieldType,
  { entry, element }: { readonly entry: SchemaNode; readonly element: SchemaNode },
  context: Context,
): ListPlan {
  const { below, nested } = insideEntry(entry, context);
  const plan =
    element === entry ? planOnce(wanted, element, below) : planNode(wanted, element, below);
  return { kind: 'list', element: plan, levels: levelsOf([plan], entry, below), ...nested };
}

function insideEntry(
  entry: SchemaNode,
  context: Context,
): { below: Context; nested: Pick<ListPlan, 'slots' | 'present' | 'entries'> } {
  const entries = { repetition: entry.repetition, definition: entry.definition };
  // Whatever stands around the entry is there one level before the entry is.
  const nested = { slots: context.slots, present: entry.definition - 1, entries };
  return { below: { ...context, slots: entries }, nested };
}

function planLeaf(wanted: FieldType, node: SchemaNode, context: Context): LeafPlan {
  if (node.column < 0) throw misfit(wanted, node, context);
  const place = context.place.at(node.path);
  const stored = storedType(node, place);
  const values = { type: wanted, conversion: conversionTo(wanted, stored, place) };
  return { kind: 'leaf', node, stored, place, slots: context.slots, values };
}

/** A leaf that is read anyhow, or else the node's first one, read for its levels alone. */
function levelsOf(plans: readonly ColumnPlan[], node: SchemaNode, context: Context): LeafPlan {
  for (const plan of plans) {
    if (plan.kind === 'leaf') return plan;
    if (plan.kind !== 'missing') return plan.levels;
  }
  const [leaf] = leafNodes([node]);
  const place = context.place.at(node.path);
  if (!leaf) throw place.unsupported('it is a group without fields');
  const stored = storedType(leaf, place);
  return { kind: 'leaf', node: leaf, stored, place, slots: context.slots, values: undefined };
}

function misfit(wanted: FieldType, node: SchemaNode, context: Context): Error {
  const found = node.column >= 0 ? 'a single value' : 'a group of another shape';
  return context.place
    .at(node.path)
    .mismatch(
      `the file has ${node.repeated ? 'a list' : found}, the table ${describeType(wanted)}`,
    );
}

/** A leaf to be read for some plans; `keepsLevels` where nested columns need its levels. */
export interface PlannedLeaf {
  readonly plan: LeafPlan;
  readonly keepsLevels: boolean;
}

export function plannedLeaves(plans: readonly ColumnPlan[]): PlannedLeaf[] {
  const leaves = new Set<LeafPlan>();
  const sources = new Set<LeafPlan>();
  const visit = (plan: ColumnPlan): void => {
    if (plan.kind === 'leaf') leaves.add(plan);
    if (plan.kind === 'leaf' || plan.kind === 'missing') return;
    leaves.add(plan.levels);
    sources.add(plan.levels);
    if (plan.kind === 'struct') plan.fields.forEach(visit);
    else if (plan.kind === 'list') visit(plan.element);
    else [plan.key, plan.value].forEach(visit);
  };
  plans.forEach(visit);
  return [...leaves].map((plan) => ({ plan, keepsLevels: sources.has(plan) }));
}
