/**
 * Changes of many entries at once.
 *
 * @module
 */

import fc from "fast-check";
import { shortly } from "./command.ts";
import { type Deed, deed, type Scene, whole } from "./deed.ts";
import { ballast, BALLAST_ENTRIES, expand, replace, serialName, token } from "./definitions.ts";
import { IndexModel } from "./index_model.ts";

/** Many entries at once: more than a quarter of the log goes to the trees by a checkpoint. */
export const fill: fc.Arbitrary<Deed> = fc.tuple(
  fc.constantFrom(20, 60),
  fc.constantFrom(900, 2_500),
  fc.nat(2),
)
  .map(([count, length, stamp]) => {
    const value = token(`${stamp}`, length);
    const keys = Array.from({ length: count }, (_, at) => `f${String(at).padStart(2, "0")}`);
    return deed(
      `fill replace with ${count} of ${shortly(value)}`,
      (model) => {
        for (const key of keys) new IndexModel(model, "replace").put(key, value);
      },
      (tx) =>
        whole(tx, () => {
          const writer = tx.open(replace);
          for (const key of keys) writer.put(key, expand(value));
        }),
    );
  });

export const clear: fc.Arbitrary<Deed> = fc.constant(
  deed(
    "clear what fill has put",
    (model) => new IndexModel(model, "replace").deleteRange({ prefix: "f" }),
    (tx) => tx.open(replace).deleteRange({ prefix: "f" }),
  ),
);

export const touch: fc.Arbitrary<Deed> = fc.tuple(
  fc.nat(BALLAST_ENTRIES),
  fc.constantFrom("1", "2"),
).map(([from, stamp]) => {
  const value = token(stamp, 380);
  const keys = Array.from({ length: 30 }, (_, at) => (from + at * 113) % BALLAST_ENTRIES);
  return {
    text: `touch ballast from ${from}`,
    run: (scene: Scene): void => {
      if (!scene.real.withBallast) return;
      deed(
        "touch ballast",
        (model) => {
          for (const key of keys) model.put("ballast", serialName(key), value);
        },
        (tx) => whole(tx, () => keys.forEach((key) => tx.open(ballast).put(key, expand(value)))),
      ).run(scene);
    },
  };
});
