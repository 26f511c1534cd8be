import { readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mendTable } from './table-file.ts';

/** @throws Error with code LEVEL_CORRUPTION, as LevelDB's own, when LevelDB should not be let at the files of a directory */
export async function checkFiles(directory: string): Promise<void> {
  const names = readdirSync(directory);
  // It would take such a directory for an empty one, and delete all that is in it.
  if (!names.includes('CURRENT') && names.some((name) => isTable(name) || name.startsWith('MANIFEST-'))) {
    throw damage('the file CURRENT is missing');
  }
  for (const name of names.filter(isTable)) {
    if (mendTable(await readFile(join(directory, name))) !== 'sound') throw damage(`${name} is damaged`);
  }
}

/** Takes out of the tables what is damaged. What they are part of has to be made anew then: `ClassicLevel.repair`. */
export async function mendTables(directory: string): Promise<void> {
  for (const name of readdirSync(directory).filter(isTable)) {
    const file = join(directory, name);
    const mended = mendTable(await readFile(file));
    if (mended === 'sound') continue;
    if (mended === 'useless') rmSync(file);
    else {
      writeFileSync(`${file}.mended`, mended, { flush: true });
      renameSync(`${file}.mended`, file);
    }
  }
}

function isTable(name: string): boolean {
  return /\.(ldb|sst)$/.test(name);
}

function damage(what: string): Error {
  return Object.assign(new Error(what), { code: 'LEVEL_CORRUPTION' });
}
