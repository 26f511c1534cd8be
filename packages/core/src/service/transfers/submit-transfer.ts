import type { ApiHandlers } from '@jetstream/api';
import type { Destinations } from '../destinations/destinations.ts';
import { describeManifest } from '../manifests/describe-manifest.ts';
import type { Manifests } from '../manifests/manifests.ts';
import { transferRequest } from './transfer-commands.ts';
import type { Transfers } from './transfers.ts';

export interface SubmitParts {
  destinations: Pick<Destinations, 'check' | 'draft' | 'find' | 'describe'>;
  manifests: Pick<Manifests, 'draft' | 'find'>;
  transfers: Pick<Transfers, 'create' | 'describe'>;
}

/**
 * One call for destination, manifest and transfer, in one write: all of them, or none. The transfer begins when its manifest is
 * complete.
 */
export function submitCommand(parts: SubmitParts): Pick<ApiHandlers, 'send.submitTransfer'> {
  const { destinations, manifests, transfers } = parts;
  return {
    'send.submitTransfer': async (given, caller) => {
      if (given.destination) await destinations.check(given.destination, caller);
      else destinations.find(given.destinationId ?? '', caller);
      const draft = given.manifest && (await manifests.draft(given.manifest, caller));
      try {
        const manifest = draft?.record ?? manifests.find(given.manifestId ?? '', caller);
        // Nothing is waited for between this and the write: who submits the same meanwhile finds the destination.
        const made = given.destination && destinations.draft(given.destination, caller);
        const destination = made?.record ?? destinations.find(given.destinationId ?? '', caller);
        const request = transferRequest(destination.destinationId, manifest.manifestId, given.transfer);
        const drafts = { destination: made, manifest: draft };
        const transfer = await transfers.create(request, caller, drafts);
        return {
          destination: destinations.describe(destination),
          manifest: describeManifest(manifest),
          transfer: transfers.describe(transfer),
        };
      } catch (error) {
        await draft?.discard();
        throw error;
      }
    },
  };
}
