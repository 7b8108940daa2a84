/**
 * Hands items from several producers to one consumer, in the order of their coming. A producer
 * waits while `capacity` items wait.
 */
export class BoundedQueue<T> {
  readonly #capacity: number;
  readonly #items: T[] = [];
  readonly #producers: (() => void)[] = [];
  #consumer: (() => void) | undefined;
  #end: { readonly failure?: unknown } | undefined;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Resolves when there was room: true, or false when the queue was ended meanwhile. */
  async put(item: T): Promise<boolean> {
    while (this.#items.length >= this.#capacity && !this.#end) {
      await new Promise<void>((resolve) => this.#producers.push(resolve));
    }
    if (this.#end) return false;
    this.#items.push(item);
    this.#wakeConsumer();
    return true;
  }

  /** No more items come; with `failure`, the consumer gets that after what waits. Once counts. */
  end(failure?: unknown): void {
    this.#end ??= failure === undefined ? {} : { failure };
    this.#wakeConsumer();
    for (const wake of this.#producers.splice(0)) wake();
  }

  /** The items until the end. @throws whatever the queue was ended with */
  async *items(): AsyncGenerator<T, void, undefined> {
    for (;;) {
      while (this.#items.length > 0) {
        const item = this.#items.shift() as T;
        this.#producers.shift()?.();
        yield item;
      }
      if (this.#end) {
        if ('failure' in this.#end) throw this.#end.failure;
        return;
      }
      await new Promise<void>((resolve) => {
        this.#consumer = resolve;
      });
    }
  }

  #wakeConsumer(): void {
    const wake = this.#consumer;
    this.#consumer = undefined;
    wake?.();
  }
}
