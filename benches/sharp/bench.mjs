// Renders pictures with sharp, as renditions does: takes one order a line, answers each with one.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import sharp from "sharp";

// one thread for each picture, as there; several pictures at a time below
sharp.concurrency(1);
sharp.cache(false);

const files = new Map();

function bytesOf(picture) {
  if (!files.has(picture)) files.set(picture, readFileSync(picture));
  return files.get(picture);
}

// One decoding, which shrinks on load, then two encodings: faster than a pipeline for each size.
// Fixed Huffman tables, as renditions writes them: making the best ones takes a second pass.
async function render(bytes) {
  const { data, info } = await sharp(bytes)
    .rotate()
    .resize(1600, 1600, { fit: "inside", withoutEnlargement: true })
    .flatten({ background: "#fff" })
    .toColourspace("srgb")
    .raw()
    .toBuffer({ resolveWithObject: true });
  const raw = { width: info.width, height: info.height, channels: info.channels };
  const preview = await sharp(data, { raw }).jpeg({ quality: 82, optimiseCoding: false }).toBuffer();
  const thumbnail = await sharp(data, { raw })
    .resize(320, 320, { fit: "inside", withoutEnlargement: true })
    .jpeg({ quality: 80, optimiseCoding: false })
    .toBuffer();
  return preview.length + thumbnail.length;
}

const orders = {
  async version() {
    return { version: sharp.versions.sharp };
  },

  async webp({ from, to }) {
    await sharp(from).resize(3000).webp({ quality: 85 }).toFile(to);
    return {};
  },

  async render({ picture }) {
    const original = bytesOf(picture);
    const start = performance.now();
    const bytes = await render(original);
    return { milliseconds: performance.now() - start, bytes };
  },

  async throughput({ pictures, workers, milliseconds }) {
    const originals = pictures.map(bytesOf);
    const start = performance.now();
    let rendered = 0;
    const work = async () => {
      while (performance.now() - start < milliseconds) {
        for (const original of originals) await render(original);
        rendered += originals.length;
      }
    };
    await Promise.all(Array.from({ length: workers }, work));
    return { per_second: (rendered * 1000) / (performance.now() - start) };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line);
  console.log(JSON.stringify(await orders[order.do](order)));
}
