import { Controller, Get } from '@nestjs/common';
import { VERSION } from '../version.js';

const SIGNPOST = { name: 'rollgate', version: VERSION, links: ['/healthz', '/readyz', '/metrics'] } as const;

@Controller()
export class RootController {
  @Get()
  signpost(): typeof SIGNPOST {
    return SIGNPOST;
  }
}
