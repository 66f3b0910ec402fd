/**
 * Vectors: every method beside a plain map, in transactions with savepoints and two views of one
 * vector, over reopening and power cuts.
 *
 * @module
 */

import fc from "fast-check";
import type { Subject } from "./subject.ts";
import { VectorModel } from "./vector_model.ts";
import { KINDS, Stamp, VectorScene } from "./vector_scene.ts";
import type { VectorWriter } from "../../mod.ts";

/** Commands of a run, at most. */
const COMMANDS_MAX = 40;

/** One step of a run. */
export interface Deed {
  readonly text: string;
  run(scene: VectorScene): void | Promise<void>;
}

type Either = VectorWriter<unknown> | VectorModel;
type Make = (stamp: number) => unknown;

const anyVector = fc.nat(KINDS.length - 1);
const anyStamp = fc.nat(60);
/** Near the begin, at the ends of chunks, and far away. */
const anyIndex = fc.oneof(
  { weight: 6, arbitrary: fc.nat(9) },
  { weight: 3, arbitrary: fc.constantFrom(31, 32, 119, 120, 121, 240, 255, 256, 495, 496) },
  { weight: 1, arbitrary: fc.constantFrom(3_000, 2 ** 40) },
);
const anyNear = fc.oneof(fc.nat(9), fc.constantFrom(100, 120, 121, 300));

/** The same call of both. */
function call(
  name: string,
  args: fc.Arbitrary<readonly unknown[]>,
  act: (vector: Either, make: Make, args: readonly never[]) => unknown,
): fc.Arbitrary<Deed> {
  return fc.tuple(anyVector, fc.boolean(), args).map(([at, twin, given]) => ({
    text: `${KINDS[at]!.name}${twin ? " (twin)" : ""}.${name}(${given.join(", ")})`,
    run: (scene) => {
      scene.change(at, twin, (vector, make) => {
        const result = act(vector, make, given as never[]);
        // What is an element is compared as one.
        return vector instanceof VectorModel && ELEMENTS.has(name)
          ? new Stamp(result as number | undefined)
          : result;
      });
    },
  }));
}

const ELEMENTS: ReadonlySet<string> = new Set(["get", "pop", "removeAt", "swapRemove"]);

const many = fc.array(anyStamp, { maxLength: 5 });
const one = fc.tuple(anyIndex);

const changes = [
  call("set", fc.tuple(anyIndex, anyStamp), (v, make, [i, s]) => v.set(i!, make(s!) as never)),
  call("set", fc.tuple(anyIndex, anyStamp), (v, make, [i, s]) => v.set(i!, make(s!) as never)),
  call("push", many, (v, make, stamps) => v.push(...stamps.map((s) => make(s)) as never[])),
  call("push", many, (v, make, stamps) => v.push(...stamps.map((s) => make(s)) as never[])),
  call("pop", fc.constant([]), (v) => v.pop()),
  call("get", one, (v, _, [i]) => v.get(i!)),
  call("has", one, (v, _, [i]) => v.has(i!)),
  call("delete", one, (v, _, [i]) => v.delete(i!)),
  call("removeAt", one, (v, _, [i]) => v.removeAt(i!)),
  call("swapRemove", one, (v, _, [i]) => v.swapRemove(i!)),
  call("insert", fc.tuple(anyIndex, anyStamp, anyStamp), (v, make, [i, a, b]) => {
    const index = Math.min(i!, v.length);
    return v.insert(index, make(a!) as never, make(b!) as never);
  }),
  call("truncate", one, (v, _, [length]) => v.truncate(length!)),
  call("resize", one, (v, _, [length]) => v.resize(length!)),
  call(
    "resize",
    fc.tuple(anyNear, anyStamp),
    (v, make, [length, s]) => v.resize(length!, make(s!) as never),
  ),
  call(
    "fill",
    fc.tuple(anyStamp, anyNear, anyNear),
    (v, make, [s, from, to]) => v.fill(make(s!) as never, from!, to!),
  ),
  call("extend", fc.tuple(anyStamp, anyNear), (v, make, [stamp, count]) => {
    const all = Array.from({ length: count! }, () => make(stamp!));
    return v instanceof VectorModel ? v.push(...all as number[]) : v.extend(all);
  }),
] as const;

function plain(text: string, run: Deed["run"]): fc.Arbitrary<Deed> {
  return fc.constant({ text, run });
}

/** Anything that is done with vectors. */
export const anyDeed: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 40, arbitrary: fc.oneof(...changes) },
  {
    weight: 6,
    arbitrary: fc.tuple(anyVector, fc.boolean()).map(([at, twin]) => ({
      text: `look at ${KINDS[at]!.name}${twin ? " (twin)" : ""}`,
      run: (scene: VectorScene) => scene.look(at, twin),
    })),
  },
  {
    weight: 3,
    arbitrary: anyVector.map((at) => ({
      text: `walk over ${KINDS[at]!.name}`,
      run: (scene: VectorScene) => scene.walk(at),
    })),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom(1, 4, 200).map((count) => ({
      text: `take ${count} steps`,
      run: (scene: VectorScene) => scene.step(count),
    })),
  },
  { weight: 3, arbitrary: plain("savepoint", (scene) => scene.savepoint()) },
  { weight: 2, arbitrary: plain("back to the savepoint", (scene) => scene.rollBack()) },
  { weight: 1, arbitrary: plain("roll back", (scene) => scene.rollBackAll()) },
  { weight: 5, arbitrary: plain("commit", (scene) => scene.commit()) },
  { weight: 1, arbitrary: plain("take a snapshot", (scene) => scene.takeSnapshot()) },
  { weight: 1, arbitrary: plain("leave the snapshot", (scene) => scene.releaseSnapshot()) },
  { weight: 1, arbitrary: plain("close and open", (scene) => scene.reopen()) },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.nat(6), fc.nat(11)).map(([after, policy]) => ({
      text: `the power goes ${after} operations into a commit, policy ${policy}`,
      run: (scene: VectorScene) => scene.commitDying(after, policy),
    })),
  },
);

/** All that a vector does. */
export const vectorSubject: Subject = {
  name: "vector",
  property: () =>
    fc.asyncProperty(
      fc.array(anyDeed.map(named), { maxLength: COMMANDS_MAX, size: "max" }),
      async (deeds) => {
        const scene = await VectorScene.begin();
        for (const deed of deeds) await deed.run(scene);
        await scene.commit();
        await scene.reopen();
        await scene.db.close();
      },
    ),
};

/** Says what it does where a failure names it. */
function named(deed: Deed): Deed {
  return { ...deed, [fc.toStringMethod]: () => `\n  ${deed.text}` } as Deed;
}
