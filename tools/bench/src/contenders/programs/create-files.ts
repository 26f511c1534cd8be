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
import { basename, join } from 'node:path';

const [sync, source = '', directory = ''] = process.argv.slice(2);
const target = join(directory, basename(source));
const partial = (name: string): string => join(target, `.${name}.part`);

mkdirSync(target);
const names = readdirSync(source);
for (const name of names) {
  const file = openSync(partial(name), 'wx');
  writeSync(file, readFileSync(join(source, name)));
  if (sync === 'each') fdatasyncSync(file);
  closeSync(file);
}
if (sync === 'together') execFileSync('sync', ['-f', target]);
for (const name of names) renameSync(partial(name), join(target, name));
for (const path of [target, directory]) {
  const handle = openSync(path, 'r');
  fsyncSync(handle);
  closeSync(handle);
}
