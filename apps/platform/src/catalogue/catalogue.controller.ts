import { Controller, Get } from '@nestjs/common';
import { Open } from '../auth/open.js';
import { type PublishedApi, RouteCatalogue } from './route-catalogue.js';

@Controller('catalogue')
export class CatalogueController {
  constructor(private readonly catalogue: RouteCatalogue) {}

  @Get()
  @Open()
  all(): readonly PublishedApi[] {
    return this.catalogue.published();
  }
}
