import { FAULTS, STEPS } from '@cdc-demo/cdc-testing';
import { describe, expect, it } from '@jest/globals';
import { EXCLUSIONS, PHASES, cells, exclusion, pairwiseCells } from './matrix.ts';
import { FORMATS } from './source-under-test.ts';

describe('the crash matrix', () => {
  it('has every step and every fault, and each pair of them or a reason', () => {
    for (const step of STEPS) {
      for (const fault of FAULTS) {
        const isRun = cells().some((cell) => cell.step === step && cell.fault === fault);
        const reasons = PHASES.flatMap((phase) => exclusion({ step, fault, phase, nth: 1 }) ?? []);
        expect({ step, fault, known: isRun || reasons.length === PHASES.length }).toEqual({
          step,
          fault,
          known: true,
        });
      }
    }
  });

  it('excludes nothing that would not be there anyway', () => {
    for (const { fault, steps, why } of EXCLUSIONS) {
      expect(steps.length).toBeGreaterThan(0);
      expect(why.length).toBeGreaterThan(20);
      expect(FAULTS).toContain(fault);
    }
  });

  it('has a selection in which every two of format, place, phase, step and fault meet', () => {
    const all = cells();
    const some = pairwiseCells(all);
    expect(some.length).toBeLessThan(all.length / 4);
    for (const { format, place, phase, step, fault } of all) {
      for (const [a, b] of [
        [{ format }, { step }],
        [{ format }, { fault }],
        [{ format }, { phase }],
        [{ format }, { place }],
        [{ place }, { phase }],
        [{ place }, { step }],
        [{ place }, { fault }],
        [{ phase }, { step }],
        [{ phase }, { fault }],
        [{ step }, { fault }],
      ]) {
        expect(some).toContainEqual(expect.objectContaining({ ...a, ...b }));
      }
    }
    expect(new Set(all.map((cell) => cell.format))).toEqual(new Set(FORMATS));
  });
});
