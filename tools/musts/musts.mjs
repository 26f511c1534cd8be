/**
 * Holds docs/PROTOCOL.md and the tests together: each rule, such as [HS-1], is named by at least one test, and no test
 * names a rule that there is not. Prints what is wrong; exit code 1 when anything is.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

const ruleIds = new Set();
const complaints = [];
for (const [, id] of readFileSync(join(root, 'docs/PROTOCOL.md'), 'utf8').matchAll(
  /^- \[([A-Z]{2}-\d+)\]/gm,
)) {
  if (ruleIds.has(id)) complaints.push(`[${id}] stands twice in docs/PROTOCOL.md`);
  ruleIds.add(id);
}

const namedIds = new Set();
for (const file of ['packages', 'apps', 'tests'].flatMap((folder) => testFilesBelow(join(root, folder)))) {
  for (const [, id] of readFileSync(file, 'utf8').matchAll(/\[([A-Z]{2}-\d+)\]/g)) {
    namedIds.add(id);
    if (!ruleIds.has(id))
      complaints.push(`[${id}] of ${relative(root, file)} is no rule of docs/PROTOCOL.md`);
  }
}

for (const id of ruleIds) {
  if (!namedIds.has(id)) complaints.push(`[${id}] of docs/PROTOCOL.md is named by no test`);
}

for (const complaint of complaints) console.error(complaint);
console.log(`${ruleIds.size} rules, ${[...ruleIds].filter((id) => namedIds.has(id)).length} named by tests`);
process.exitCode = complaints.length > 0 ? 1 : 0;

/** @param {string} folder @returns {string[]} */
function testFilesBelow(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return ['node_modules', 'dist'].includes(entry.name) ? [] : testFilesBelow(path);
    return entry.name.endsWith('.test.ts') ? [path] : [];
  });
}
