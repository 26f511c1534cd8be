export type { EncodedSegment } from './chunk-digests.ts';
export * from './digest.ts';
export * from './file-system.ts';
export { openStorage, type StorageOptions } from './node-file-system.ts';
export type { OverwriteMode, SkipRule } from './overwrite-mode.ts';
export * from './resume-record.ts';
export * from './tree-reader.ts';
export * from './tree-writer.ts';
export type { WriterActivity, WriterProgress } from './writer-progress.ts';
