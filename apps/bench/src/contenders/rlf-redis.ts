import type { Redis } from 'ioredis';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import type { Contender, ContenderOptions } from './contender.js';
import { openRedis } from './redis-connection.js';
import { consumeBoth, HOUR_SECONDS, MINUTE_SECONDS } from './rlf.js';

/** rate-limiter-flexible on Redis: ioredis with automatic pipelining, both windows in parallel. */
export class RlfRedis implements Contender {
  readonly #options: ContenderOptions;
  #redis!: Redis;
  #minute!: RateLimiterRedis;
  #hour!: RateLimiterRedis;

  constructor(options: ContenderOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    const { perMinute, perHour } = this.#options.limits;
    this.#redis = await openRedis(this.#options.redisPort);
    this.#minute = this.#limiter({ keyPrefix: 'rlf_minute', points: perMinute, duration: MINUTE_SECONDS });
    this.#hour = this.#limiter({ keyPrefix: 'rlf_hour', points: perHour, duration: HOUR_SECONDS });
  }

  decide(account: string, subject: string): Promise<boolean> {
    return consumeBoth(`${account}:${subject}`, { minute: this.#minute, hour: this.#hour });
  }

  async close(): Promise<void> {
    await this.#redis.quit();
  }

  #limiter(window: { keyPrefix: string; points: number; duration: number }): RateLimiterRedis {
    return new RateLimiterRedis({ storeClient: this.#redis, ...window, inMemoryBlockOnConsumed: window.points });
  }
}
