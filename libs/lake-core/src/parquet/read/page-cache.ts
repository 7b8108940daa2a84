import type { Page } from './page.ts';
import type { PlainValues } from './plain-values.ts';

/** Keeps decoded pages for later reads, as far as memory allows. */
export interface PageCache {
  page(key: string): Page | undefined;
  keepPage(key: string, page: Page): void;
  dictionary(key: string): PlainValues | undefined;
  keepDictionary(key: string, dictionary: PlainValues): void;
}
