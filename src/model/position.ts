/** Where a source stands in one partition: everything up to here is stored. */
export interface Position {
  /** Stable name of the stream, e.g. `eventhub:ns.servicebus.windows.net/logs/$Default` or `file:<digest>`. */
  source: string;
  partition: string;
  sequenceNumber: number;
  /** Opaque: never parsed or compared. */
  offset: string;
}
