/**
 * A process that asks PAM about passwords and accounts on behalf of the server: modules of PAM block, hang, fork and crash as they like, and what
 * they leave in memory is not the server's. It answers one question after the other and ends with the channel to the server.
 */
import { randomBytes } from 'node:crypto';
import { endProcessAfter, keepMemoryPrivate, type PamRequest, pamChecker } from '@jetstream/platform';
import type { PamAnswer, PamQuestion } from './pam-question.ts';

const checkWithPam = pamChecker();
/** Services found to tell passwords apart. */
const tried = new Set<string>();

keepMemoryPrivate();
process.on('disconnect', () => process.exit());
process.on('message', (question: PamQuestion) => {
  endProcessAfter(question.deadlineSeconds);
  const answer = answerTo(question);
  question.password?.fill(0);
  endProcessAfter(0);
  process.send!(answer);
});

function answerTo(question: PamQuestion): PamAnswer {
  if (checkWithPam === undefined)
    return { unavailable: 'PAM cannot be called here (no libpam.so.0, or no native functions)' };
  const verdict = checkWithPam(question);
  if (verdict.accepted && question.password !== undefined && !tellsApart(question)) {
    return {
      unavailable: `the PAM service ${question.service} accepts any password: mend its file in /etc/pam.d, or, if it has none, 'other' there`,
    };
  }
  return verdict;
}

/** A service that nobody configured may be one that lets everybody in. */
function tellsApart(question: PamRequest): boolean {
  const { service } = question;
  if (!tried.has(service)) {
    const password = Buffer.from(randomBytes(16).toString('hex'));
    if (checkWithPam!({ ...question, user: 'jetstream-nobody', password }).accepted) return false;
    tried.add(service);
  }
  return true;
}
