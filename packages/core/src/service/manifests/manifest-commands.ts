import type { ApiHandlers } from '@jetstream/api';
import { describeManifest } from './describe-manifest.ts';
import type { Manifests } from './manifests.ts';

export type ManifestCommands = Pick<
  ApiHandlers,
  | 'send.createManifest'
  | 'send.getManifest'
  | 'send.getManifests'
  | 'send.getManifestFiles'
  | 'send.waitForManifest'
  | 'send.deleteManifest'
>;

export function manifestCommands(manifests: Manifests): ManifestCommands {
  return {
    'send.createManifest': async (parameters, caller) =>
      describeManifest(await manifests.create(parameters, caller)),

    'send.getManifest': ({ manifestId }, caller) => describeManifest(manifests.find(manifestId, caller)),

    'send.getManifests': (filters, caller) => manifests.list(filters, caller).map(describeManifest),

    async 'send.getManifestFiles'({ manifestId, offset, limit }, caller) {
      const { status, totalFiles, totalDirectories } = manifests.find(manifestId, caller);
      const files = status === 'complete' ? await manifests.files(manifestId, offset, limit) : [];
      return {
        manifestId,
        fileMappings: files.map(({ followed: _, ...file }) => file),
        totalFiles: status === 'complete' ? totalFiles! + totalDirectories! : null,
      };
    },

    'send.waitForManifest': async ({ manifestId, timeoutMs }, caller, { signal }) =>
      describeManifest(await manifests.wait(manifestId, timeoutMs, caller, signal)),

    async 'send.deleteManifest'({ manifestId }, caller) {
      manifests.find(manifestId, caller);
      await manifests.delete(manifestId);
      return null;
    },
  };
}
