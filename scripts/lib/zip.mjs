import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { inflateRawSync } from 'node:zlib';

const END = 0x06054b50;
const ENTRY = 0x02014b50;
const STORED = 0;

/** The entries of a zip file (a VSIX is one), read from its central directory: {name, bytes, content()}. */
export async function readZip(path) {
  const data = await readFile(path);
  let end = data.length - 22;
  while (end >= 0 && data.readUInt32LE(end) !== END) end -= 1;
  if (end < 0) throw new Error(`${path} is not a zip file.`);
  const entries = [];
  let at = data.readUInt32LE(end + 16);
  for (let index = 0; index < data.readUInt16LE(end + 10); index += 1) {
    if (data.readUInt32LE(at) !== ENTRY) throw new Error(`${path}: broken directory.`);
    const method = data.readUInt16LE(at + 10);
    const packedBytes = data.readUInt32LE(at + 20);
    const nameLength = data.readUInt16LE(at + 28);
    const local = data.readUInt32LE(at + 42);
    entries.push({
      name: data.toString('utf8', at + 46, at + 46 + nameLength),
      bytes: data.readUInt32LE(at + 24),
      content: () => {
        const start = local + 30 + data.readUInt16LE(local + 26) + data.readUInt16LE(local + 28);
        const packed = data.subarray(start, start + packedBytes);
        return method === STORED ? packed : inflateRawSync(packed);
      },
    });
    at += 46 + nameLength + data.readUInt16LE(at + 30) + data.readUInt16LE(at + 32);
  }
  return entries;
}

export async function extractZip(path, folder) {
  for (const { name, content } of await readZip(path)) {
    const target = resolve(folder, name);
    if (!target.startsWith(join(resolve(folder), '/'))) throw new Error(`${path}: ${name} points outside.`);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, content());
  }
}
