/** Rates of transfers that ran at once. */
export interface FlowsResult {
  outcome: 'ran' | 'failed';
  why?: string;
}
