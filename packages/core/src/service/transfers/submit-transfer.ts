import type { ApiHandlers, Destination, Manifest } from '@jetstream/api';
import type { Destinations } from '../destinations/destinations.ts';
import { describeManifest } from '../manifests/describe-manifest.ts';
import type { Manifests } from '../manifests/manifests.ts';
import { transferRequest } from './transfer-commands.ts';
import type { Transfers } from './transfers.ts';

export interface SubmitParts {
  destinations: Pick<Destinations, 'obtain' | 'find' | 'delete' | 'describe'>;
  manifests: Pick<Manifests, 'create' | 'find' | 'delete'>;
  transfers: Pick<Transfers, 'create' | 'describe'>;
}

/** One call for destination, manifest and transfer: all of them, or none. The transfer begins when its manifest is complete. */
export function submitCommand(parts: SubmitParts): Pick<ApiHandlers, 'send.submitTransfer'> {
  const { destinations, manifests, transfers } = parts;
  return {
    'send.submitTransfer': async (given, caller) => {
      /** What was made here, and goes again if something after it fails. */
      const undo: (() => Promise<unknown>)[] = [];
      const destinationOf = async (): Promise<Destination> => {
        if (given.destination === undefined)
          return destinations.describe(destinations.find(given.destinationId ?? '', caller));
        const { record, isNew } = await destinations.obtain(given.destination, caller);
        if (isNew) undo.push(() => destinations.delete(record.destinationId, caller));
        return destinations.describe(record);
      };
      const manifestOf = async (): Promise<Manifest> => {
        if (given.manifest === undefined)
          return describeManifest(manifests.find(given.manifestId ?? '', caller));
        const record = await manifests.create(given.manifest, caller);
        undo.push(() => manifests.delete(record.manifestId));
        return describeManifest(record);
      };
      try {
        const destination = await destinationOf();
        const manifest = await manifestOf();
        const request = transferRequest(destination.destinationId, manifest.manifestId, given.transfer);
        const transfer = await transfers.create(request, caller, given.manifest !== undefined);
        return { destination, manifest, transfer: transfers.describe(transfer) };
      } catch (error) {
        for (const step of undo.reverse()) await step().catch(() => undefined);
        throw error;
      }
    },
  };
}
