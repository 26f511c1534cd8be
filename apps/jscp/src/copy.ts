import { lstatSync } from 'node:fs';
import type { ClientSession, FileOutcome, Transfer } from '@jetstream/core';
import { type ErrorCode, JetStreamError } from '@jetstream/protocol';
import { connect } from './connect.ts';
import type { CopyView } from './copy-view.ts';
import { asJetStreamError, failedFileLine, missingFileLine } from './error-line.ts';
import { exitStatusOfFailures } from './exit-codes.ts';
import type { JscpOptions } from './options.ts';
import { type PasswordLogin, Passwords } from './passwords.ts';
import { formatCount, formatFiles } from './quantities.ts';
import { limitedRateLine } from './rate-policy.ts';
import { downloadId } from './token.ts';

/**
 * Runs one copy from connect to the last rename.
 * @returns the exit status: 0, or that of the failed files
 * @throws JetStreamError when the copy could not run to its end
 */
export async function copy(
  options: JscpOptions,
  interactive: boolean,
  view: CopyView,
  signal: AbortSignal,
): Promise<number> {
  if (options.plan.direction === 'upload') refuseMissing(options.plan.mappings);
  const passwords = new Passwords(options, interactive, signal);
  for (;;) {
    try {
      return await copyOnce(options, interactive, passwords.current, view, signal);
    } catch (error) {
      if (!(await passwords.next(asJetStreamError(error)))) throw error;
    }
  }
}

/** The copy travels with its login; a refusal fails it before anything of it is to be seen. */
async function copyOnce(
  options: JscpOptions,
  interactive: boolean,
  password: PasswordLogin | undefined,
  view: CopyView,
  signal: AbortSignal,
): Promise<number> {
  const session = await connect(options, interactive, password, signal);
  try {
    let isIn = false;
    session.loggedIn.then(
      () => {
        isIn = true;
      },
      () => undefined,
    );
    return await follow(begin(session, options, signal), view, options, () => isIn);
  } finally {
    await session.close();
  }
}

/** A typing error is told before anything is connected or copied. */
function refuseMissing(mappings: JscpOptions['plan']['mappings']): void {
  for (const { source } of mappings) {
    try {
      lstatSync(source);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT' && code !== 'ENOTDIR') continue;
      throw new JetStreamError('not-found', `there is no file or directory "${source}"`, {
        subject: source,
        cause: error,
      });
    }
  }
}

function begin(
  session: ClientSession,
  { plan, symlinks, receiving, token }: JscpOptions,
  signal: AbortSignal,
): Transfer {
  const { mappings, destinationPath } = plan;
  if (plan.direction === 'download') {
    const transferId = token && downloadId(token.token, mappings[0]!.target);
    const id = transferId !== undefined && { transferId };
    return session.download({ ...receiving, mappings, symlinks, signal, ...id });
  }
  return session.upload({
    ...receiving,
    mappings,
    symlinks,
    signal,
    ...(destinationPath !== undefined && { destinationPath }),
  });
}

async function follow(
  transfer: Transfer,
  view: CopyView,
  { ratePolicy: asked, receiving: { verify = false } }: JscpOptions,
  isLoggedIn: () => boolean,
): Promise<number> {
  const causes = new Set<ErrorCode>();
  let isTold = asked === undefined;
  transfer.on('progress', (progress) => {
    if (!isLoggedIn()) return;
    view.progress(progress);
    if (isTold || progress.ratePolicy === undefined) return;
    isTold = true;
    const limited = limitedRateLine(asked!, progress.ratePolicy);
    if (limited !== undefined) view.line(limited);
  });
  transfer.on('note', (text) => view.note(text));
  transfer.on('file', (outcome) => {
    view.file(outcome);
    if (!outcome.error) return;
    const isMissing = verify && isMissingAtTarget(outcome);
    causes.add(isMissing ? 'content-differs' : outcome.error.code);
    view.line(isMissing ? missingFileLine(outcome) : failedFileLine(outcome));
  });
  const summary = await transfer.done;
  view.summary(summary);
  if (summary.failed === 0) return 0;
  const total = summary.files + summary.failed;
  const how = verify ? 'not equal' : 'not copied';
  if (total > 1) view.line(`jscp: ${formatCount(summary.failed)} of ${formatFiles(total)} ${how}`);
  return exitStatusOfFailures(causes);
}

/** Which is a difference; a source that is not there has no target. */
function isMissingAtTarget({ target, error }: FileOutcome): boolean {
  return error?.code === 'not-found' && target !== '';
}
