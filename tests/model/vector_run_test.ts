/** Long lives of vectors beside plain maps. */

import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import fc from "fast-check";
import { VectorScene } from "./vector_scene.ts";
import { anyDeed } from "./vector_subject.ts";

/** How many operations: `VECTOR_OPERATIONS=10000` for a long life. */
const OPERATIONS = Number(process.env["VECTOR_OPERATIONS"] ?? 1_000);

/** After so many deeds the vectors are long, and a new life begins. */
const DEEDS = 200;

test(
  "vector: a long life of random operations equals a plain array, over reopening and power cuts",
  {
    timeout: 120_000,
  },
  async () => {
    let operations = 0;
    for (let life = 0; operations < OPERATIONS; life++) {
      assert.ok(life < OPERATIONS / DEEDS * 3);
      const scene = await VectorScene.begin();
      for (const [at, deed] of fc.sample(anyDeed, { numRuns: DEEDS, seed: life }).entries()) {
        try {
          await deed.run(scene);
        } catch (error) {
          throw new Error(`life ${life}, deed ${at}: ${deed.text}`, { cause: error });
        }
      }
      await scene.commit();
      await scene.reopen();
      operations += scene.operations;
      await scene.db.close();
    }
  },
);
