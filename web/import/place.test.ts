import assert from "node:assert/strict";
import { test } from "node:test";
import { formatOf, strangeness } from "./format.ts";
import { commonFolders, inOrder, inParts, isClutter, partOf, partOfFile, placesOf } from "./place.ts";

test("folders are classes, below what all have in common", () => {
  assert.deepEqual(commonFolders(["pets/cat/1.png", "pets/dog/a/2.png"]), ["pets"]);
  const classes = (...paths: string[]) => placesOf(paths).map((place) => `${place.part}:${place.class}`);
  assert.deepEqual(classes("pets/cat/1.png", "pets/dog/a/2.png", "pets/3.png"), [
    "all:cat",
    "all:dog",
    "all:",
  ]);
  assert.deepEqual(classes("cat/1.png", "cat/2.png"), ["all:", "all:"]);
  assert.deepEqual(classes("1.png", "2.png"), ["all:", "all:"]);
});

test("folders called train and test are parts where all are", () => {
  const places = placesOf(["d/train/cat/1.png", "d/Test/cat/2.png", "d/val/dog/3.png"]);
  assert.deepEqual(places, [
    { part: "train", class: "cat" },
    { part: "test", class: "cat" },
    { part: "validation", class: "dog" },
  ]);
  assert.deepEqual(
    placesOf(["test/1.png", "retest/2.png"]).map((place) => place.class),
    ["test", "retest"],
  );
  const words = ["X_train", "t10k-images-idx3-ubyte", "y_val", "training", "contest", "restrain"];
  assert.deepEqual(words.map(partOf), ["train", "test", "validation", "train", undefined, undefined]);
});

test("a file's own name says its part before its folders do", () => {
  assert.equal(partOfFile("training data/x_test.npy", 0), "test");
  assert.equal(partOfFile("training/test.csv", 1), "test");
  assert.equal(partOfFile("training/x.npy", 1), undefined);
  assert.equal(partOfFile("train/test/x.npy", 0), "test");
  assert.equal(partOfFile("a/train/x.npy", 1), "train");
});

test("what says no part is what is learnt from, if nothing else is", () => {
  const of = (...parts: string[]) => {
    const broken: string[] = [];
    const made = inParts(
      parts.map((part, i) => ({ path: `${i}`, part })),
      (path) => broken.push(path),
    );
    return [made.map(({ part }) => part).join(), broken.join()];
  };
  assert.deepEqual(of("all", "all"), ["all,all", ""]);
  assert.deepEqual(of("all", "test"), ["train,test", ""]);
  assert.deepEqual(of("train", "all", "test"), ["train,test", "1"]);
  assert.deepEqual(of(), ["", ""]);
});

test("names are in a person's order, and clutter is none of them", () => {
  assert.deepEqual(inOrder(["10", "9", "2", "b", "2"]), ["2", "9", "10", "b"]);
  const clutter = ["__MACOSX/a.png", "a/.DS_Store", "Thumbs.db", ".git/x"].map(isClutter);
  assert.deepEqual(clutter, [true, true, true, true]);
  assert.equal(isClutter("a.b/c.png"), false);
});

test("a file is what its first bytes say", () => {
  const bytes = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));
  const of = (text: string, path = "a", size = 1000) => formatOf(path, bytes(text), size);
  assert.equal(of("\x89PNG\r\n\x1a\n"), "image");
  assert.equal(of("\xff\xd8\xff\xe0", "a.png"), "image");
  assert.equal(of("RIFF....WEBP"), "image");
  assert.equal(of("....ftypavif"), "image");
  assert.equal(of("RIFF....WAVE"), "wav");
  assert.equal(of("PK\x03\x04"), "zip");
  assert.equal(of("\x1f\x8b\x08"), "gzip");
  assert.equal(of("\x93NUMPY\x01\x00"), "npy");
  assert.equal(of("\0\0\x08\x03"), "idx");
  assert.equal(of("\x07\x80", "data_batch_1.bin", 2 * 3073), "cifar");
  assert.equal(of("a,b\n1,2\n", "x.bin"), "text");
  assert.equal(of("\x7fELF\x02\x01"), "unknown");
  assert.equal(of(""), "unknown");
  assert.equal(
    strangeness("a.png", bytes("\x7fELF")),
    "it is called .png, but what is in it is something else",
  );
});
