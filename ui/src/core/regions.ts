/** Degrees east and north. */
export interface Place {
  readonly lon: number;
  readonly lat: number;
}

interface Area extends Place {
  /** How far a direction in a name leads from the middle, in degrees east; half as far north. */
  readonly reach: number;
}

// Names as studios and clouds write them: continents, countries, and the cities of data centres, with airports' codes.
// A line: names, then the middle of it (east, north) and its reach.
const AREAS = parseAreas(`
eu europe emea|10 50 14
na us usa unitedstates northamerica|-98 39 20
sa southamerica latam las|-58 -17 10
lan centralamerica|-88 14 6
ap apac asia asiapacific as|105 24 22
sea|107 4 10
me middleeast mena|48 26 8
af africa|22 2 16
oce oceania au australia anz|134 -26 14
euw|-2 49 4
eune|20 55 4
ca canada|-96 53 22
mx mexico|-101 21 4
br brazil gru saopaulo|-47 -23 5
ar argentina|-60 -35 3
cl chile scl santiago|-71 -33 3
co colombia bogota|-74 5 3
uk gb england unitedkingdom london lon lhr|-1 52 3
ie ireland dublin dub|-7 53 2
fr france paris par cdg|2 48 3
es spain madrid mad|-4 40 3
pt portugal lisbon lis|-9 39 2
de germany frankfurt fra berlin|9 51 3
ch switzerland zurich zrh|8 47 2
it italy milan mxp rome|10 44 3
nl netherlands amsterdam ams|5 52 2
be belgium brussels|4 51 2
se sweden stockholm arn|17 60 4
no norway oslo|10 60 3
fi finland helsinki hel|25 61 3
dk denmark copenhagen|12 56 2
pl poland warsaw waw|21 52 3
at austria vienna vie|16 48 2
ro romania bucharest|26 44 2
ua ukraine kyiv|31 50 3
tr turkey istanbul ist|31 40 4
ru russia moscow mow|38 56 8
il israel telaviv|35 32 1
ae uae dubai dxb|55 25 1
bh bahrain|50 26 1
saudi saudiarabia riyadh|46 25 2
qa qatar doha|51 25 1
za southafrica johannesburg jnb capetown|27 -28 4
ke kenya nairobi|37 -1 2
ng nigeria lagos|4 7 2
eg egypt cairo|31 30 2
in india mumbai bom|74 19 6
delhi del|77 29 2
sg singapore sin|104 1 1
id indonesia jakarta|107 -6 3
my malaysia|102 4 2
th thailand bangkok|101 14 2
vn vietnam|106 12 2
ph philippines manila|121 15 2
hk hongkong hkg|114 22 1
tw taiwan taipei|121 24 1
cn china shanghai beijing|114 33 8
kr korea seoul icn|127 37 2
jp japan tokyo nrt hnd|139 36 4
osaka kix|135 34 1
sydney syd|150 -34 1
melbourne mel|145 -37 1
nz newzealand auckland|174 -38 2
virginia iad ashburn|-78 38 1
ohio columbus|-83 40 1
oregon portland|-121 45 1
california|-120 37 2
seattle|-122 47 1
sanfrancisco sfo sjc|-122 38 1
losangeles lax|-118 34 1
dallas dfw texas|-97 32 1
chicago ord iowa|-90 42 1
newyork nyc ewr jfk|-74 41 1
miami mia|-80 26 1
atlanta atl|-84 33 1
toronto yyz|-79 44 1
montreal yul|-73 46 1
`);

// Where a direction does not lead from the middle of the area to the place that goes by the name.
const NAMED: Readonly<Record<string, Place>> = {
  'eu west': { lon: -4, lat: 52 },
  'eu north': { lon: 17, lat: 60 },
  'eu south': { lon: 10, lat: 44 },
  'ap south': { lon: 74, lat: 19 },
  'ap southeast': { lon: 104, lat: 2 },
  'ap northeast': { lon: 139, lat: 36 },
  'ap east': { lon: 114, lat: 23 },
  'sa east': { lon: -47, lat: -23 },
  'af south': { lon: 22, lat: -32 },
};

// Amazon's regions, of which the number says which city it is: east, north.
const NUMBERED = new Map(
  `us-east-1 -78 38|us-east-2 -83 40|us-west-1 -122 38|us-west-2 -121 45|ca-central-1 -73 46|ca-west-1 -114 51|mx-central-1 -100 21
sa-east-1 -47 -23|eu-west-1 -7 53|eu-west-2 -1 52|eu-west-3 2 48|eu-central-1 9 50|eu-central-2 8 47|eu-north-1 17 60|eu-south-1 10 45
eu-south-2 -1 41|il-central-1 35 32|me-south-1 50 26|me-central-1 55 25|af-south-1 18 -34|ap-south-1 74 19|ap-south-2 78 17
ap-southeast-1 104 1|ap-southeast-2 150 -34|ap-southeast-3 107 -6|ap-southeast-4 145 -37|ap-southeast-5 102 4|ap-southeast-7 101 14
ap-northeast-1 139 36|ap-northeast-2 127 37|ap-northeast-3 135 34|ap-east-1 114 22|ap-east-2 121 24`
    .split(/[|\n]/)
    .map((entry): [string, Place] => {
      const [name = '', lon, lat] = entry.split(' ');
      return [name, { lon: Number(lon), lat: Number(lat) }];
    }),
);

const DIRECTIONS: Readonly<Record<string, readonly [east: number, north: number]>> = {
  north: [0, 1],
  south: [0, -1],
  east: [1, 0],
  west: [-1, 0],
  central: [0, 0],
};

// Longest first, so that `southafrica` is a country and `southeast` two directions.
const WORDS = new RegExp(
  [...AREAS.keys(), ...Object.keys(DIRECTIONS)].toSorted((a, b) => b.length - a.length).join('|'),
  'y',
);

function parseAreas(text: string): ReadonlyMap<string, Area & { readonly first: string }> {
  const areas = new Map<string, Area & { readonly first: string }>();
  for (const line of text.trim().split('\n')) {
    const [names = '', numbers = ''] = line.split('|');
    const [lon = 0, lat = 0, reach = 0] = numbers.split(' ').map(Number);
    const all = names.split(' ');
    for (const name of all) areas.set(name, { lon, lat, reach, first: all[0]! });
  }
  return areas;
}

/** The known words that a text without separators is made of; none when there is more in it. */
function wordsOf(text: string): readonly string[] {
  const words: string[] = [];
  WORDS.lastIndex = 0;
  while (WORDS.lastIndex < text.length) {
    const word = WORDS.exec(text)?.[0];
    if (word === undefined) return [];
    words.push(word);
  }
  return words;
}

/**
 * Where a region lies, as its name says: `eu-west-1`, `useast`, `westeurope`, `prod-apac`, `fra2`. Of several places in a name the
 * smaller one counts. Null when it names none that is known. Good enough to point at on a map of the world.
 */
export function placeOf(region: string): Place | null {
  const name = region.toLowerCase();
  const numbered = NUMBERED.get(/(?:^|[^a-z])([a-z]{2}-[a-z]{4,9}-\d)(?!\d)/.exec(name)?.[1] ?? '');
  if (numbered !== undefined) return numbered;
  const words = name.split(/[^a-z]+/).flatMap(wordsOf);
  let area: (Area & { readonly first: string }) | null = null;
  let [east, north] = [0, 0];
  for (const word of words) {
    const found = AREAS.get(word);
    if (found !== undefined && (area === null || found.reach <= area.reach)) area = found;
    const [more, up] = DIRECTIONS[word] ?? [0, 0];
    [east, north] = [east + more, north + up];
  }
  if (area === null) return null;
  [east, north] = [Math.sign(east), Math.sign(north)];
  const direction = `${['south', '', 'north'][north + 1]}${['west', '', 'east'][east + 1]}`;
  const { lon, lat, reach } = area;
  return NAMED[`${area.first} ${direction}`] ?? { lon: lon + east * reach, lat: lat + (north * reach) / 2 };
}
