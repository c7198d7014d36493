// SPDX-License-Identifier: Apache-2.0
#include "redis_scripts.h"

namespace MECHA_COMPONENT {

// An etag that matched is a version in its one form, so the next one is a sum where Lua's numbers,
// exact up to 2^53, hold it. Otherwise HINCRBY counts, and by its refusal, which changes nothing,
// shows another type or a damaged version (not a number, or about to overflow). Those start again
// from 0: a `v` that is a table is the WRONGTYPE that pcall caught. Versions beyond 2^53 are read
// back as text.
constexpr RedisScript kSetScript = {
    R"lua(local k,m,d=KEYS[1],ARGV[1],ARGV[2]
local call,n=redis.call
if m=='m' then
  local v=redis.pcall('HGET',k,'version')
  if v~=ARGV[4] then return false end
  if #v<16 then n=v+1 end
elseif m=='n' and redis.pcall('HEXISTS',k,'data')~=0 then return false
end
if n then call('HSET',k,'data',d,'first-write','0','version',n)
else
  n=redis.pcall('HINCRBY',k,'version',1)
  if type(n)=='table' or n<1 then
    local v=redis.pcall('HGET',k,'version')
    if type(v)=='table' then redis.call('DEL',k)
    elseif v and (#v>18 or not (v=='0' or string.find(v,'^[1-9]%d*$'))) then
      redis.call('HSET',k,'version','0')
    end
    n=redis.call('HINCRBY',k,'version',1)
  end
  if m=='a' then call('HSET',k,'data',d)
  else call('HSET',k,'data',d,'first-write','0') end
end
if ARGV[3]~='' then call('PEXPIRE',k,ARGV[3]) else call('PERSIST',k) end
if n>=9007199254740992 then return call('HGET',k,'version') end
return n
)lua",
    "4f69e18559e1015c79618c5ebe9e0e86c99c9c6e"};

constexpr RedisScript kDeleteScript = {
    R"lua(if redis.pcall('HGET',KEYS[1],'version')~=ARGV[1] then return false end
redis.call('DEL',KEYS[1])
return 1
)lua",
    "593449fa7ced431053e4c5fe943555f80527a502"};

constexpr RedisScript kTransactionScript = {
    R"lua(local call,pcall=redis.call,redis.pcall
for i=1,#KEYS do
  local m=ARGV[4*i-3]
  if m=='m' or m=='M' then
    if pcall('HGET',KEYS[i],'version')~=ARGV[4*i] then return i end
  elseif m=='n' and pcall('HEXISTS',KEYS[i],'data')~=0 then return i
  end
end
local r={}
for i=1,#KEYS do
  local k,m,d,t,v=KEYS[i],ARGV[4*i-3],ARGV[4*i-2],ARGV[4*i-1],ARGV[4*i]
  if m=='A' or m=='M' then
    call('DEL',k)
    r[i]=0
  else
    local n
    if m=='m' and #v<16 then
      n=v+1
      call('HSET',k,'data',d,'first-write','0','version',n)
    else
      n=pcall('HINCRBY',k,'version',1)
      if type(n)=='table' or n<1 then
        local v=redis.pcall('HGET',k,'version')
        if type(v)=='table' then redis.call('DEL',k)
        elseif v and (#v>18 or not (v=='0' or string.find(v,'^[1-9]%d*$'))) then
          redis.call('HSET',k,'version','0')
        end
        n=redis.call('HINCRBY',k,'version',1)
      end
      if m=='a' then call('HSET',k,'data',d)
      else call('HSET',k,'data',d,'first-write','0') end
    end
    if t~='' then call('PEXPIRE',k,t) else call('PERSIST',k) end
    if n>=9007199254740992 then n=call('HGET',k,'version') end
    r[i]=n
  end
end
return r
)lua",
    "a384907de3f62fb0472ae83b570e4b141721cbf3"};

// Short, for it goes whole each time, and the server hashes it.
constexpr RedisScript kCountScript = {
    R"lua(local r,call,pcall={},redis.call,redis.pcall
for i,k in ipairs(KEYS) do
local n=pcall('HINCRBY',k,'version',1)
if type(n)=='table' or n<1 then
local v=pcall('HGET',k,'version')
if type(v)=='table' then call('DEL',k)
elseif v and (#v>18 or not (v=='0' or string.find(v,'^[1-9]%d*$'))) then
call('HSET',k,'version','0') end
n=call('HINCRBY',k,'version',1)
end
call('PERSIST',k)
if n>=2^53 then n=call('HGET',k,'version') end
r[i]=n
end
return r
)lua",
    "4cfe2bee8b43d39d0d5ecf7419aed17ff1f05613"};

}  // namespace MECHA_COMPONENT
