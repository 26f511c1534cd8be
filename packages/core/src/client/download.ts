import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { Direction } from '@jetstream/protocol';
import { ContentReceiver } from '../content/content-receiver.ts';
import { checkReceivingOptions } from '../content/receiving-options.ts';
import type { TransferRate } from '../content/transfer-handle.ts';
import type { DownloadOptions, FileMapping, FileOutcome } from '../contract.ts';
import type { BeginAttempt } from './client-transfer.ts';
import { checkPathLengths } from './path-lengths.ts';
import type { SessionRates } from './session-rates.ts';

/**
 * Each mapping's target is a local path, where its source comes to stand.
 * @throws JetStreamError `name-invalid`, `invalid-argument`
 */
export function beginDownload(options: DownloadOptions): BeginAttempt {
  const { mappings, verify = false, preserve = false } = options;
  checkPathLengths(mappings.map(({ source }) => source));
  const { checkpointIntervalMs, ...rules } = checkReceivingOptions(options);
  const localTargets = mappings.map(({ target }) => resolve(options.destinationPath ?? '', target));
  const named = (outcome: FileOutcome) => ({
    ...outcome,
    source: sourceOf(outcome.target, mappings, localTargets),
  });
  return (attempt) => {
    const { port, storage } = attempt;
    port.send({
      $case: 'open',
      value: {
        direction: Direction.DOWNLOAD,
        destinationPath: '',
        sourcePaths: mappings.map(({ source }) => source),
        recursive: true,
        followSymlinks: options.symlinks !== 'ignore',
        receiving: undefined,
        verify,
        preserve,
      },
    });
    const content = new ContentReceiver(port, storage, attempt.observer(named), {
      verify,
      checkpointIntervalMs,
    });
    const transferId = randomBytes(8).toString('hex');
    attempt.begin(
      content,
      storage.call('openWriter', {
        actAs: undefined,
        rule: 'mappings',
        transferId,
        localTargets,
        ...rules,
        verify,
        resumable: false,
      }),
    );
  };
}

export function downloadRate(rates: SessionRates): TransferRate {
  return { inForce: () => rates.servers, set: async (asked) => void (await rates.askServer(asked)) };
}

/** A local path beneath one of the targets, as a path at the server. */
function sourceOf(target: string, mappings: readonly FileMapping[], localTargets: readonly string[]): string {
  const local = target.startsWith('/') ? target : `/${target}`;
  const at = localTargets.findIndex((root) => local === root || local.startsWith(`${root}/`));
  return at === -1 ? target : `${mappings[at]!.source}${local.slice(localTargets[at]!.length)}`;
}
