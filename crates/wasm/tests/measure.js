// In the package for tests and benches only: plain BBS, to measure beside other implementations, and verdicts on the objects of the test vectors.

import { load } from "./index.js";
import { BbsBench, VectorParameters, vectorClaims, vectorRequest, vectorVerdict } from "./milchglas.js";

export { BbsBench, VectorParameters, load, vectorClaims, vectorRequest, vectorVerdict };
