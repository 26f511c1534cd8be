import { createCipheriv, createHash } from 'node:crypto';
import { closeSync, ftruncateSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** What is copied: one file, or a directory of several. */
export interface Source {
  readonly files: number;
  /** Of each file. */
  readonly fileBytes: number;
  /** Default: all in one directory. */
  readonly filesPerDirectory?: number;
  /** Of a file that is holes but for these, which lie in pieces of 1 MiB all over it. Default: no holes. */
  readonly dataBytes?: number;
}

const CHUNK_BYTES = 2 ** 20;

/** Makes it; the content cannot be compressed, and differs from file to file. */
export function makeSource(path: string, source: Source): void {
  const { files, filesPerDirectory = files } = source;
  if (files === 1) {
    makeFile(path, source, 0);
    return;
  }
  mkdirSync(path);
  for (let index = 0; index < files; index += 1) {
    const directory =
      filesPerDirectory < files ? join(path, `${Math.floor(index / filesPerDirectory)}`) : path;
    if (directory !== path && index % filesPerDirectory === 0) mkdirSync(directory);
    makeFile(join(directory, `${index}`), source, index);
  }
}

function makeFile(path: string, { fileBytes, dataBytes = fileBytes }: Source, seed: number): void {
  const file = openSync(path, 'wx');
  try {
    if (dataBytes === 0) return;
    const key = createHash('sha256').update(`bench ${seed}`).digest();
    const keystream = createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
    const zeros = Buffer.alloc(Math.min(dataBytes, CHUNK_BYTES));
    const stride =
      dataBytes < fileBytes ? Math.floor(fileBytes / Math.ceil(dataBytes / CHUNK_BYTES)) : CHUNK_BYTES;
    for (let done = 0, at = 0; done < dataBytes; done += CHUNK_BYTES, at += stride) {
      writeSync(file, keystream.update(zeros.subarray(0, dataBytes - done)), 0, null, at);
    }
    if (dataBytes < fileBytes) ftruncateSync(file, fileBytes);
  } finally {
    closeSync(file);
  }
}
