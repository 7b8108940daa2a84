const float64 = new Float64Array(1);
const float32 = new Float32Array(float64.buffer, 0, 1);

/** The bits that the last call of `canonicalFloat64` or `canonicalFloat32` left, low word first. */
export const floatBits = new Uint32Array(float64.buffer);

/** Leaves the bits of a double in `floatBits`: those of 0 for -0, and one NaN for every NaN. */
export function canonicalFloat64(value: number): void {
  // Adding 0 turns -0 into 0.
  float64[0] = value + 0;
  if (Number.isNaN(value)) {
    floatBits[0] = 0;
    floatBits[1] = 0x7ff80000;
  }
}

/** Leaves the bits of a float in floatBits[0], made canonical as `canonicalFloat64` does. */
export function canonicalFloat32(value: number): void {
  float32[0] = value + 0;
  if (Number.isNaN(value)) floatBits[0] = 0x7fc00000;
}
