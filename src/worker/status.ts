/** What a worker says of itself. */
import type { CommitResult } from '../store/writer.ts';

/** Counts since start; times in milliseconds since 1970. */
export interface WorkerStatus {
  startedAt: number;
  source: string;
  records: number;
  rejects: number;
  repeated: number;
  /** Records of which another source had brought a copy. */
  copies: number;
  missing: number;
  bytes: number;
  lag: { partition: string; messages: number }[];
  detectors: number;
  refusedDetectors: string[];
  /** Why the store refuses to write just now; null when it does not. */
  storeError: string | null;
}

export function newStatus(startedAt: number): WorkerStatus {
  return {
    startedAt,
    source: '',
    records: 0,
    rejects: 0,
    repeated: 0,
    copies: 0,
    missing: 0,
    bytes: 0,
    lag: [],
    detectors: 0,
    refusedDetectors: [],
    storeError: null,
  };
}

/** Counts a commit, which also shows that the store writes. */
export function countCommit(status: WorkerStatus, result: CommitResult, bytes: number): void {
  status.records += result.records;
  status.rejects += result.rejects;
  status.repeated += result.repeated;
  status.copies += result.copies;
  status.missing += result.missing;
  status.bytes += bytes;
  status.storeError = null;
}
