// Copies a directory of files and makes the copies durable: `create-files each|together SOURCE DIRECTORY`.
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  fdatasyncSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';

const [sync, source = '', directory = ''] = process.argv.slice(2);
const target = join(directory, basename(source));
const partial = (name: string): string => join(target, dirname(name), `.${basename(name)}.part`);

mkdirSync(target);
const directories = [target, directory];
const names: string[] = [];
for (const entry of readdirSync(source, { recursive: true, withFileTypes: true })) {
  const name = relative(source, join(entry.parentPath, entry.name));
  if (!entry.isDirectory()) names.push(name);
  else {
    mkdirSync(join(target, name));
    directories.unshift(join(target, name));
  }
}
for (const name of names) {
  const file = openSync(partial(name), 'wx');
  writeSync(file, readFileSync(join(source, name)));
  if (sync === 'each') fdatasyncSync(file);
  closeSync(file);
}
if (sync === 'together') execFileSync('sync', ['-f', target]);
for (const name of names) renameSync(partial(name), join(target, name));
for (const path of directories) {
  const handle = openSync(path, 'r');
  fsyncSync(handle);
  closeSync(handle);
}
