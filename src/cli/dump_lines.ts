/**
 * What an inspector sees, as lines: plain objects, each with a type.
 *
 * @module
 */

import { StateError } from "../errors.ts";
import { operationsOf, type OperationView } from "../kernel/inspect/inspect_log.ts";
import { slotsOf } from "../kernel/inspect/inspect_page.ts";
import { PAGE_BYTES } from "../kernel/limits.ts";
import { meaningOf } from "../kernel/inspect/operation_meaning.ts";
import { levelOf, slotCount, u32At } from "../kernel/page/page.ts";
import { DROPPED_TREE, FIRST_TREE, IN_DOUBT_TREE, treeOfKey } from "../kernel/tree/state.ts";
import type {
  InspectProblem,
  StoreInspector,
  TreeReport,
} from "../kernel/inspect/store_inspector.ts";
import type { WriteSet } from "../kernel/commit/write_set.ts";
import { entryForm } from "../structures/transfer/entry_form.ts";
import { hexText } from "./output.ts";

/** One line of a dump. Bytes are hexadecimal digits unless the line says otherwise. */
export interface DumpLine {
  /** What it is about; "problem" for what is wrong. */
  readonly type: string;
  /** Its fields. */
  readonly [field: string]: unknown;
}

/** Longest value that is shown: 1 MiB; of longer ones only the length is. */
const SHOWN_BYTES_MAX: number = 1024 * 1024;

/** Superblocks, log batches, structures. */
export function* overviewLines(inspector: StoreInspector): Generator<DumpLine> {
  yield { type: "file", bytes: inspector.bytes, pages: inspector.bytes / PAGE_BYTES };
  yield* superblockLines(inspector);
  yield* logLines(inspector, false);
  for (const tree of inspector.trees()) {
    if ("problem" in tree) yield problemLine(tree);
    else if (tree.structure !== undefined) yield { type: "structure", ...tree.structure };
    else {
      yield { type: "tree", number: tree.number, ...tree.root };
      yield* waitingLines(inspector, tree);
    }
  }
}

/** What a tree of the kernel holds that waits: transactions in doubt, dropped trees to be freed. */
function* waitingLines(inspector: StoreInspector, tree: TreeReport): Generator<DumpLine> {
  const { number } = tree;
  if (number !== IN_DOUBT_TREE && number !== DROPPED_TREE) return;
  for (const step of inspector.entries(tree)) {
    if ("problem" in step) yield problemLine(step);
    else if (number === IN_DOUBT_TREE) yield { type: "in-doubt", transactionId: hexText(step.key) };
    else yield { type: "dropped", number: treeOfKey(step.key, 0) };
  }
}

function* superblockLines({ slots, superblock }: StoreInspector): Generator<DumpLine> {
  for (const { slot, state, epoch, superblock: fields, problem } of slots) {
    if (state === "damaged") yield { type: "problem", page: slot, problem: "damaged superblock" };
    if (problem !== undefined) yield { type: "problem", page: slot, problem };
    yield {
      type: "superblock",
      slot,
      state,
      used: fields !== undefined && fields === superblock,
      writes: epoch,
      ...(fields === undefined ? {} : { ...fields, identity: hexText(fields.identity) }),
    };
  }
  if (superblock === undefined) {
    yield { type: "problem", page: 0, problem: "no superblock can be used: try --page N" };
  }
}

/**
 * The batches of the log, and with `isWhole` the operations of their records: what they mean where
 * they define, drop, prepare or decide, and what a prepared transaction holds.
 */
export function* logLines(inspector: StoreInspector, isWhole: boolean): Generator<DumpLine> {
  for (const { offset, header, isInOrder, records, problem } of inspector.log()) {
    yield { type: "batch", offset, inOrder: isInOrder, ...header };
    // A tail may be torn: no problem as long as nothing says that it was durable.
    if (problem !== undefined) yield { type: isInOrder ? "problem" : "torn", offset, problem };
    if (!isWhole) continue;
    for (const [i, record] of records.entries()) {
      const sequence = header.sequence + i;
      yield { type: "record", sequence, operations: record.count };
      for (const operation of operationsOf(record)) {
        yield* operationLines(inspector, sequence, record, operation);
      }
    }
  }
}

/** An operation, what it means to the kernel, and the changes that it prepares. */
function* operationLines(
  inspector: StoreInspector,
  sequence: number,
  record: WriteSet,
  view: OperationView,
): Generator<DumpLine> {
  const { operation, tree, key, reference } = view;
  const isOfKernel = tree < FIRST_TREE;
  const value = isOfKernel && reference !== undefined ? inspector.value(reference) : view.value;
  const isKnown = isOfKernel && (value !== undefined || operation === "remove");
  const meaning = isKnown ? meaningOf(record, tree, key, value) : undefined;
  const { prepared, transactionId, ...said } = meaning ?? {};
  const id = transactionId === undefined ? {} : { transactionId: hexText(transactionId) };
  yield { ...operationLine(sequence, view), ...said, ...id };
  if (prepared === undefined) return;
  for (const held of operationsOf(prepared)) {
    const { type, ...fields } = operationLine(sequence, held);
    yield { type: "prepared", operation: type, ...fields, ...id };
  }
}

function operationLine(sequence: number, view: OperationView): DumpLine {
  const { operation, tree, key, value, reference: _, ...rest } = view;
  const bytes = value === undefined ? {} : { value: hexText(value) };
  return { type: operation, sequence, tree, key: hexText(key), ...bytes, ...rest };
}

/**
 * A page and its slots. What speaks against a tree page is a note: values, logs and superblocks have
 * pages too.
 */
export function* pageLines(inspector: StoreInspector, page: number): Generator<DumpLine> {
  const { arena, isSound, problems } = inspector.page(page);
  for (const note of problems) yield { type: "note", page, note };
  const { u8 } = arena;
  yield {
    type: "page",
    page,
    checksum: u32At(u8, 0),
    number: u32At(u8, 4),
    epoch: u32At(u8, 8),
    tree: u32At(u8, 12),
    kind: u8[16],
    level: levelOf(arena, 0),
    slots: slotCount(arena, 0),
  };
  if (!isSound) {
    for (let at = 0; at < PAGE_BYTES; at += 32) {
      const row = u8.subarray(at, at + 32);
      if (row.some((byte) => byte !== 0)) yield { type: "bytes", offset: at, bytes: hexText(row) };
    }
    return;
  }
  let slot = 0;
  for (const { key, value, reference: _, ...rest } of slotsOf(arena)) {
    const bytes = value === undefined ? {} : { value: hexText(value) };
    yield { type: "slot", slot: slot++, key: hexText(key), ...bytes, ...rest };
  }
}

/**
 * The entries of a structure: as exports have them, or all as bytes with `isRaw`.
 * @throws {StateError} `NOT_FOUND`
 */
export function* entryLines(
  inspector: StoreInspector,
  name: string,
  isRaw: boolean,
): Generator<DumpLine> {
  const found: TreeReport[] = [];
  for (const tree of inspector.trees()) {
    if ("problem" in tree) yield problemLine(tree);
    else if (tree.structure?.name === name) found.push(tree);
  }
  if (found.length === 0) throw new StateError("NOT_FOUND", `There is no structure "${name}"`);
  for (const tree of found) {
    const { kind, format, number } = tree.structure!;
    yield { type: "structure", ...tree.structure };
    const form = entryForm(kind, format, number);
    for (const step of inspector.entries(tree)) {
      if ("problem" in step) yield problemLine(step);
      else if (step.value.length > SHOWN_BYTES_MAX) {
        yield { type: "entry", hexKey: hexText(step.key), valueBytes: step.value.length };
      } else if (isRaw) {
        yield { type: "entry", hexKey: hexText(step.key), hexValue: hexText(step.value) };
      } else yield { type: "entry", ...form.toPlain(step) };
    }
  }
}

function problemLine({ page, problem }: InspectProblem): DumpLine {
  return { type: "problem", page, problem };
}
