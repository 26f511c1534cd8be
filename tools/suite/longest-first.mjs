import { statSync } from 'node:fs';
import { BaseSequencer } from 'vitest/node';

/** Parts of paths, of what takes longest first. Within a line the longer file goes first. */
const LONG = [
  /\/tests\/crash-/,
  /\/scenarios\/fairness\.|\/suite\/loss-matrix\.|\/session\/reconnect\.|\/resume\/interrupted\.|\/bench\.test\./,
  /\/tests\//,
  /\/scenarios\/|\/suite\//,
  /\/core\/src\/(client|server|service)\/|power-cut|chunk-digests|\/wan\.test\./,
];

const PROJECTS = ['own-process', 'portable', 'native'];

/**
 * The order of test files: by project, as files of one project take turns in the same processes; then so that none that
 * takes long is begun when the other process has nothing left to do.
 */
export class LongestFirst extends BaseSequencer {
  /** @override @param {import('vitest/node').TestSpecification[]} files */
  async sort(files) {
    return files
      .map((file) => ({ file, place: placeOf(file) }))
      .sort(({ place: a }, { place: b }) => a.project - b.project || a.length - b.length || b.bytes - a.bytes)
      .map(({ file }) => file);
  }
}

/** @param {import('vitest/node').TestSpecification} file */
function placeOf({ project, moduleId }) {
  const rank = LONG.findIndex((part) => part.test(moduleId));
  return {
    project: PROJECTS.indexOf(project.name),
    length: rank < 0 ? LONG.length : rank,
    bytes: statSync(moduleId).size,
  };
}
