/** The clock of a simulation: events happen in the order of their times, and those of one time in the order in which they were added. */

interface Event {
  readonly at: number;
  readonly place: number;
  readonly happen: () => void;
}

export class Events {
  /** Simulated time in ms. */
  now = 0;
  readonly #heap: Event[] = [];
  #added = 0;

  /** Calls `happen` after this many ms of simulated time. */
  after(ms: number, happen: () => void): void {
    const event = { at: this.now + ms, place: this.#added++, happen };
    const heap = this.#heap;
    let hole = heap.length;
    heap.push(event);
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if (!isBefore(event, heap[parent] as Event)) break;
      heap[hole] = heap[parent] as Event;
      hole = parent;
    }
    heap[hole] = event;
  }

  /** Runs events until none is left or `until` returns true. */
  run(until: () => boolean = () => false): void {
    while (this.#heap.length > 0 && !until()) {
      const { at, happen } = this.#take();
      this.now = at;
      happen();
    }
  }

  #take(): Event {
    const heap = this.#heap;
    const first = heap[0] as Event;
    const last = heap.pop() as Event;
    if (heap.length > 0) this.#sink(last);
    return first;
  }

  #sink(event: Event): void {
    const heap = this.#heap;
    let hole = 0;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Event, heap[child] as Event)) child++;
      if (!isBefore(heap[child] as Event, event)) break;
      heap[hole] = heap[child] as Event;
      hole = child;
    }
    heap[hole] = event;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.place < b.place);
}
