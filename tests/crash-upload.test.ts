import { afterAll, beforeAll, describe, it } from 'vitest';
import { CrashCourse } from './support/crash.ts';

/** For each side that is killed. */
const MOMENTS = 26;

let course: CrashCourse;
beforeAll(async () => {
  course = await CrashCourse.open('upload');
});
afterAll(() => course.close());

describe.each(['jscp', 'server'] as const)('an upload of which %s is killed', (victim) => {
  it.each(Array.from({ length: MOMENTS }, (_, at) => 1_000 + at))(
    'at moment %i goes on from what is durable when the same command is run again',
    (seed) => course.run(victim, victim === 'jscp' ? seed : seed + 500),
  );
});

describe.each(['partial', 'state'] as const)(
  'an upload of which the server is killed and a bit of the %s is flipped',
  (spoilt) => {
    it.each([1, 2, 3, 4])('arrives equal when the same command is run again (seed %i)', (seed) =>
      course.run('server', 3_000 + seed, spoilt),
    );
  },
);
