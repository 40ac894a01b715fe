/** The description of the HTTP API for programs that read such descriptions. */
import { openApiDocument } from '../../src/server/openapi.ts';
import { ROUTES } from '../../src/server/routes.ts';

export function openApiPage(): string {
  return `${JSON.stringify(openApiDocument(ROUTES), null, 2)}\n`;
}
