/** Constants of draft-ietf-ccwg-bbr §2, by their names there. Gains are factors, times microseconds. */
export const STARTUP_PACING_GAIN = 2.77;
export const DRAIN_PACING_GAIN = 0.5;
export const PROBE_DOWN_PACING_GAIN = 0.9;
export const PROBE_UP_PACING_GAIN = 1.25;
export const DEFAULT_CWND_GAIN = 2;
export const PROBE_UP_CWND_GAIN = 2.25;
export const PROBE_RTT_CWND_GAIN = 0.5;
export const PACING_MARGIN = 0.01;

export const LOSS_THRESH = 0.02;
export const BETA = 0.7;
export const HEADROOM = 0.15;
export const MIN_PIPE_CWND_DATAGRAMS = 4;

export const FULL_BW_GROWTH = 1.25;
export const FULL_BW_ROUNDS = 3;
export const STARTUP_FULL_LOSS_COUNT = 6;
export const DRAIN_MAX_ROUNDS = 3;

/** In ProbeBW cycles. */
export const MAX_BW_FILTER_LEN = 2;
/** In rounds. */
export const EXTRA_ACKED_FILTER_LEN = 10;
export const EXTRA_ACKED_FILTER_LEN_STARTUP = 1;

export const MIN_RTT_FILTER_LEN_US = 10_000_000;
export const PROBE_RTT_INTERVAL_US = 5_000_000;
export const PROBE_RTT_DURATION_US = 200_000;

/** Wait between bandwidth probes: this, plus up to as much again as the jitter; or this many rounds, if sooner. */
export const PROBE_WAIT_BASE_US = 2_000_000;
export const PROBE_WAIT_JITTER_US = 1_000_000;
export const RENO_COEXISTENCE_MAX_ROUNDS = 63;

export const SEND_QUANTUM_US = 1_000;
export const MAX_SEND_QUANTUM_BYTES = 65_536;
/** Taken for the RTT when the initial pacing rate is set. */
export const INITIAL_RTT_US = 1_000;

// Ours, not the draft's.

/** Guards against arithmetic without end: 10 Gbit/s for almost 7 s, and 8 Tbit/s. */
export const MAX_CWND_BYTES = 2 ** 33;
export const MAX_BW = 1e12;
/** An RTT this near the floor shows as well as a lower one that the queue is empty, and puts ProbeRTT off. */
export const PROBE_RTT_TOLERANCE = 1 / 64;
