// Builds the manifest of a tree as a sender does when its receiver answers at once: `build-manifest SOURCE`.
import { createTreeReader, loadBlake3, openStorage } from '@jetstream/storage';

const ENTRIES_AT_ONCE = 1_000;

const [source = ''] = process.argv.slice(2);
const reader = createTreeReader({
  fileSystem: openStorage({}),
  blake3: await loadBlake3(),
  mappings: [{ source, target: '/tree' }],
  symlinks: 'follow',
});
for (let done = false; !done; ) {
  const batch = reader.nextBatch(ENTRIES_AT_ONCE);
  for (let at = 0; at < batch.entries.length; at += 1) reader.entrySettled(batch.firstIndex + at);
  done = batch.done;
}
reader.close();
