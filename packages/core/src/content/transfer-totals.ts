/** What a manifest holds, so far. */
export interface TransferTotals {
  files: number;
  directories: number;
  bytes: number;
  /** Nothing is added any more. */
  final: boolean;
}
