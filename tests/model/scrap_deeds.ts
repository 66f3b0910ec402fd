/**
 * Changes of the structure that is dropped and created again.
 *
 * @module
 */

import fc from "fast-check";
import { anyShort } from "./any_token.ts";
import { shortly } from "./command.ts";
import { type Deed, deed } from "./deed.ts";
import { compact, expand, scrap } from "./definitions.ts";
import { anyKey } from "./look.ts";

/** May create it, which stays so if what follows is refused. */
const openScrap = deed(
  "open scrap",
  (model) => void model.scrap.open(),
  (tx) => void tx.open(scrap),
);

export const putScrap: fc.Arbitrary<Deed> = fc.tuple(anyKey, anyShort).map(([key, value]) => ({
  text: `scrap.put(${shortly(key, value)})`,
  run: (scene) => {
    openScrap.run(scene);
    deed(
      `scrap.put(${shortly(key, value)})`,
      (model) => {
        const tree = model.scrap.open();
        model.scrap.check();
        model.put(tree, key, value);
      },
      (tx) => tx.open(scrap).put(key, expand(value)),
    ).run(scene);
  },
}));

/** What needs to know what is in the scrap. */
export const askScrap: fc.Arbitrary<Deed> = fc.tuple(
  fc.constantFrom("get", "remove", "count"),
  anyKey,
)
  .map(([how, key]): Deed => ({
    text: `scrap.${how}(${shortly(key)})`,
    run: (scene) => {
      openScrap.run(scene);
      deed(
        `scrap.${how}(${shortly(key)})`,
        (model) => {
          const tree = model.scrap.open();
          model.scrap.check();
          if (how === "count") return model.count(tree);
          return how === "get" ? model.get(tree, key) : model.remove(tree, key);
        },
        (tx) => {
          const writer = tx.open(scrap);
          if (how === "count") return writer.count();
          const value = how === "get" ? writer.get(key) : undefined;
          return how === "get" ? value && compact(value) : writer.remove(key);
        },
      ).run(scene);
    },
  }));

export const dropScrap: fc.Arbitrary<Deed> = fc.constant(
  deed("drop scrap", (model) => model.scrap.drop(), (tx) => tx.drop(scrap)),
);
