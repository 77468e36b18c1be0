package llvm

// Made by TestCoefficients; -update writes it. Each table has the coefficients
// of one polynomial, from the constant on, and says how far it is from what it
// stands for at most.

// exp32 is e^x for |x| <= ln(2)/2, relative.
// The error is 2^-28.2.
var exp32 = [...]float64{
	1,
	1,
	0x1.fffffcp-02,
	0x1.555494p-03,
	0x1.55588ep-05,
	0x1.1238d8p-07,
	0x1.6a7f18p-10,
}

// exp2Of32 is 2^x for |x| <= 1/2, relative.
// The error is 2^-27.6.
var exp2Of32 = [...]float64{
	1,
	0x1.62e43p-01,
	0x1.ebfbdcp-03,
	0x1.c6af72p-05,
	0x1.3b2d46p-07,
	0x1.5f13fcp-10,
	0x1.428406p-13,
}

// tanh32 is tanh(x)/x for |x| <= tanhSplit32, in x^2, relative.
// The error is 2^-28.4.
var tanh32 = [...]float64{
	1,
	-0x1.55553ep-02,
	0x1.1109bep-03,
	-0x1.b89abap-05,
	0x1.54c3c2p-06,
	-0x1.828774p-08,
}

// erf32 is erf(x)/x - 1 for |x| <= erfSplit32, in x^2, relative to erf(x)/x.
// The error is 2^-30.1.
var erf32 = [...]float64{
	0x1.06eba8p-03,
	-0x1.81274p-02,
	0x1.ce2d64p-04,
	-0x1.b8011ap-06,
	0x1.544a1ap-08,
	-0x1.a60a2ep-11,
	0x1.4f676p-14,
}

// logErfc32 is log2(erfc(x)) for erfSplit32 <= x <= 4; the error is that of erfc.
// The error is 2^-29.4.
var logErfc32 = [...]float64{
	-0x1.511426p-12,
	-0x1.a0714ep+00,
	-0x1.d6cd8p-01,
	-0x1.32942cp-03,
	0x1.05b73ep-05,
	-0x1.1dc31ap-08,
	0x1.252c96p-12,
}

// log32 is log(1+x) for sqrt(1/2) <= 1+x <= sqrt(2), relative.
// The error is 2^-25.6.
var log32 = [...]float64{
	0,
	1,
	-0x1.fffff8p-02,
	0x1.55555p-02,
	-0x1.000438p-02,
	0x1.999c32p-03,
	-0x1.540f5ap-03,
	0x1.231f82p-03,
	-0x1.11300ap-03,
	0x1.050692p-03,
	-0x1.259882p-04,
}

// exp64 is e^x - 1 for |x| <= ln(2)/2, relative.
// The error is 2^-60.3.
var exp64 = [...]float64{
	0,
	1,
	0x1p-01,
	0x1.5555555555559p-03,
	0x1.5555555555559p-05,
	0x1.111111110f71fp-07,
	0x1.6c16c16c13afbp-10,
	0x1.a01a01af73f79p-13,
	0x1.a01a01b780876p-16,
	0x1.71ddf9ec5b66bp-19,
	0x1.27e4b1db868d6p-22,
	0x1.af5b6e0674784p-26,
	0x1.1fb8c73b76ee9p-29,
}

// exp64Short is e^x - 1 for |x| <= ln(2)/2, relative, to be rounded to float.
// The error is 2^-36.4.
var exp64Short = [...]float64{
	0,
	1,
	0x1.000000001713ap-01,
	0x1.555555729aee5p-03,
	0x1.555554f1849fep-05,
	0x1.1110aa5e868cep-07,
	0x1.6c174768ca2fbp-10,
	0x1.a183871bc9426p-13,
	0x1.a055d7de9c74fp-16,
}

// log64 is log((1+s)/(1-s))/s for |s| <= (sqrt(2)-1)/(sqrt(2)+1), in s^2, relative.
// The error is 2^-59.5.
var log64 = [...]float64{
	2,
	0x1.5555555555592p-01,
	0x1.999999997ff36p-02,
	0x1.24924941df463p-02,
	0x1.c71c5215f92c9p-03,
	0x1.74663ca13edb2p-03,
	0x1.39a1eed8e1612p-03,
	0x1.2f039037396d3p-03,
}

// log64Tail is what log64 is beyond 2 + 2/3 s^2, by s^4, relative to log64.
// The error is 2^-66.3.
var log64Tail = [...]float64{
	0x1.9999999999b3p-02,
	0x1.2492492457d3ep-02,
	0x1.c71c722d6bb99p-03,
	0x1.745ce9e0c7119p-03,
	0x1.3b1eec9f36fbdp-03,
	0x1.0f7fd9ce4d67bp-03,
	0x1.0e4351e0f5fp-03,
}

// sin64 is sin(x)/x for |x| <= pi/4, in x^2, relative.
// The error is 2^-57.9.
var sin64 = [...]float64{
	1,
	-0x1.5555555555548p-03,
	0x1.111111110f73p-07,
	-0x1.a01a019be922cp-13,
	0x1.71de35552dc6cp-19,
	-0x1.ae5e4b86c9376p-26,
	0x1.5d8b56ac28762p-33,
}

// sin64Short is sin(x)/x for |x| <= pi/4, in x^2, relative, to be rounded to float.
// The error is 2^-37.5.
var sin64Short = [...]float64{
	1,
	-0x1.5555554c70438p-03,
	0x1.111108693844fp-07,
	-0x1.a00f7e3393bbcp-13,
	0x1.6cd1b706bcp-19,
}

// cos64 is cos(x) for |x| <= pi/4, in x^2.
// The error is 2^-64.2.
var cos64 = [...]float64{
	1,
	-0.5,
	0x1.555555555554cp-05,
	-0x1.6c16c16c1521dp-10,
	0x1.a01a019cbf0dep-16,
	-0x1.27e4f812663f6p-22,
	0x1.1ee9f111b149ap-29,
	-0x1.8fb10ae5155c3p-37,
}

// cos64Short is cos(x) for |x| <= pi/4, in x^2, to be rounded to float.
// The error is 2^-33.3.
var cos64Short = [...]float64{
	1,
	-0.5,
	0x1.55554ab27ae69p-05,
	-0x1.6c0c8abba7a9p-10,
	0x1.9a020dce9cf4bp-16,
}

// erf64 is erf(x)/x - 1 for |x| <= 1, in x^2, relative to erf(x)/x.
// The error is 2^-56.0.
var erf64 = [...]float64{
	0x1.06eba8214db68p-03,
	-0x1.812746b03799dp-02,
	0x1.ce2f21a03f8bbp-04,
	-0x1.b82ce311a98b9p-06,
	0x1.565bcceedc258p-08,
	-0x1.c02daeb7283b4p-11,
	0x1.f9a296b09026dp-14,
	-0x1.f4c82e2615ecbp-17,
	0x1.b96b475e74a7fp-20,
	-0x1.5b8bd5ed8d881p-23,
	0x1.d3d812f5d78ccp-27,
	-0x1.a228a9028d468p-31,
}

// logErfc64 is log(erfc(x)) for 1 <= x <= 6; the error is that of erfc.
// The error is 2^-62.3.
var logErfc64 = [...]float64{
	-0x1.f99675a82b97p-26,
	-0x1.20dd7084ee247p+00,
	-0x1.45f329d067d2dp-01,
	-0x1.a4f2c2fbc7544p-04,
	0x1.3962c48c22e87p-06,
	0x1.a9d95d53ebfa8p-13,
	-0x1.b750b61309f63p-10,
	0x1.2206d47c23627p-11,
	0x1.671b811014357p-16,
	-0x1.cf2a60acf3191p-14,
	0x1.0eea5b3b78e57p-14,
	-0x1.96424cf25e6bep-16,
	0x1.c5ebad736d2f1p-18,
	-0x1.892f4f52ac4ddp-20,
	0x1.09673fe95b924p-22,
	-0x1.1352b061362a3p-25,
	0x1.a9077682abbd5p-29,
	-0x1.cc5102f7ddce5p-33,
	0x1.38276881cf846p-37,
	-0x1.8edafa81b3808p-43,
}
