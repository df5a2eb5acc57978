/* SPDX-License-Identifier: Apache-2.0 */
/* banned.h: included before everything (-include): functions whose use does not compile.  `rand` is banned by script
 * (OpenSSL's headers use the word). */
#ifndef BANNED_H
#define BANNED_H
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf strtok gets atoi atol gmtime localtime ctime system \
    popen
#endif
