/** Images of bytes: pixels row by row, channels innermost. */
export interface Sides {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}
