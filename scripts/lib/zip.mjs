import { readFile } from 'node:fs/promises';

const END = 0x06054b50;
const ENTRY = 0x02014b50;

/** The names and sizes in a zip file (a VSIX is one), read from its central directory. */
export async function listZip(path) {
  const data = await readFile(path);
  let end = data.length - 22;
  while (end >= 0 && data.readUInt32LE(end) !== END) end -= 1;
  if (end < 0) throw new Error(`${path} is not a zip file.`);
  const entries = [];
  let at = data.readUInt32LE(end + 16);
  for (let index = 0; index < data.readUInt16LE(end + 10); index += 1) {
    if (data.readUInt32LE(at) !== ENTRY) throw new Error(`${path}: broken directory.`);
    const nameLength = data.readUInt16LE(at + 28);
    entries.push({ name: data.toString('utf8', at + 46, at + 46 + nameLength), bytes: data.readUInt32LE(at + 24) });
    at += 46 + nameLength + data.readUInt16LE(at + 30) + data.readUInt16LE(at + 32);
  }
  return entries;
}
