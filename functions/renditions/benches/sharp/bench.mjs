// Renders the pictures of a folder with sharp, as renditions does, and prints both side by side.
// node bench.mjs FOLDER OURS.json, after pictures.rs; node bench.mjs FOLDER prepare, before it.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import sharp from "sharp";

const RUNS = 7;
const THROUGHPUT_MILLISECONDS = 10_000;
const [folder, ours] = process.argv.slice(2);

// one thread for each picture, as there; several pictures at a time below
sharp.concurrency(1);
sharp.cache(false);

// One decoding, which shrinks on load, then two encodings: faster than a pipeline for each size.
async function render(bytes) {
  const { data, info } = await sharp(bytes)
    .rotate()
    .resize(1600, 1600, { fit: "inside", withoutEnlargement: true })
    .flatten({ background: "#fff" })
    .toColourspace("srgb")
    .raw()
    .toBuffer({ resolveWithObject: true });
  const raw = { width: info.width, height: info.height, channels: info.channels };
  const preview = await sharp(data, { raw }).jpeg({ quality: 82 }).toBuffer();
  const thumbnail = await sharp(data, { raw })
    .resize(320, 320, { fit: "inside", withoutEnlargement: true })
    .jpeg({ quality: 80 })
    .toBuffer();
  return [preview, thumbnail];
}

async function medianMilliseconds(bytes) {
  await render(bytes);
  const times = [];
  for (let run = 0; run < RUNS; run++) {
    const start = performance.now();
    await render(bytes);
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[(RUNS - 1) / 2];
}

async function picturesPerSecond(pictures, workers) {
  const start = performance.now();
  let rendered = 0;
  const work = async () => {
    while (performance.now() - start < THROUGHPUT_MILLISECONDS) {
      for (const bytes of pictures) await render(bytes);
      rendered += pictures.length;
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  return (rendered * 1000) / (performance.now() - start);
}

// The one format that nothing in pure Rust writes.
async function prepare() {
  const target = join(folder, "photograph-6-megapixels-lossy.webp");
  if (existsSync(target)) return;
  const source = join(folder, "camera-12-megapixels.jpg");
  await sharp(source).resize(3000).webp({ quality: 85 }).toFile(target);
}

function row(name, left, right) {
  const ratio = (right / left).toFixed(2);
  const cells = [left.toFixed(1).padStart(11), right.toFixed(1).padStart(8), ratio.padStart(8)];
  console.log(`${name.padEnd(44)}${cells.join("")}`);
}

async function compare() {
  const { milliseconds, per_second } = JSON.parse(readFileSync(ours, "utf8"));
  const names = readdirSync(folder).filter((name) => name in milliseconds).sort();
  console.log(`${"milliseconds a picture, one thread".padEnd(44)} renditions   sharp   faster`);
  const pictures = [];
  for (const name of names) {
    const bytes = readFileSync(join(folder, name));
    pictures.push(bytes);
    row(name, milliseconds[name], await medianMilliseconds(bytes));
  }
  const cores = availableParallelism();
  const theirs = await picturesPerSecond(pictures, cores);
  const [left, right] = [per_second, theirs].map((value) => value.toFixed(1));
  console.log(`pictures per second on ${cores} cores: renditions ${left}, sharp ${right}`);
}

await (ours === "prepare" ? prepare() : compare());
