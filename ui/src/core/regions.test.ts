// Where regions lie by their names, as studios and clouds write them.
import { expect, it } from 'vitest';

import { placeOf } from './regions';

it.each<[name: string, lon: number, lat: number]>([
  ['eu', 10, 50],
  ['na', -98, 39],
  ['apac', 105, 24],
  ['eu-west', -4, 52],
  ['eu-west-1', -7, 53],
  ['eu-west-3', 2, 48],
  ['prod-ap-southeast-2b', 150, -34],
  ['eu-west-12', -4, 52],
  ['EU_WEST', -4, 52],
  ['europe-west4', -4, 52],
  ['westeurope', -4, 52],
  ['eu-central-1', 9, 50],
  ['us-east', -78, 39],
  ['useast1', -78, 39],
  ['us-west-2', -121, 45],
  ['ap-south-1', 74, 19],
  ['ap-southeast-1', 104, 1],
  ['southeastasia', 104, 2],
  ['ap-northeast-1', 139, 36],
  ['sa-east-1', -47, -23],
  ['southafricanorth', 27, -26],
  ['prod-eu-fra2', 9, 51],
  ['eu-frankfurt', 9, 51],
  ['frankfurt-eu', 9, 51],
  ['oce', 134, -26],
  ['me-south', 48, 22],
  ['euw', -2, 49],
])('%s lies at %d, %d', (name, lon, lat) => {
  expect(placeOf(name)).toEqual({ lon, lat });
});

it.each(['', 'global', 'cluster-7', 'west', 'constructor', 'toString', '1', 'x'.repeat(10_000)])(
  '"%.20s" lies nowhere',
  (name) => {
    expect(placeOf(name)).toBeNull();
  },
);
